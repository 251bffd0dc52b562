"""MANIFEST.json: what is in a bundle, and what is not, with the reason."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True)
class ManifestFile:
    """One file of the bundle."""

    name: str
    asset_id: str
    format: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class AbsentAsset:
    """An asset, or a file of the shared folder, that the bundle does not hold."""

    asset_id: str
    reason: str


def write_manifest(
    *,
    share_id: UUID,
    frozen_at: datetime,
    files: Sequence[ManifestFile],
    absent: Sequence[AbsentAsset],
) -> bytes:
    """Write the manifest; the same share gives the same bytes."""
    content = {
        "share": str(share_id),
        "frozen_at": frozen_at.isoformat(timespec="seconds"),
        "files": [asdict(one) for one in files],
        "absent": [asdict(one) for one in absent],
    }
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()
