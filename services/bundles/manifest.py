"""What a bundle says of itself: its manifest, the manifest's signature, and sums for every system."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

MANIFEST = "MANIFEST.json"
SIGNATURE = "MANIFEST.sig"
SUMS = "SHA256SUMS"
#: The files that a bundle has beside those of the share, in their order at its end.
OWN_FILES = (MANIFEST, SIGNATURE, SUMS)
_VERSION = 1


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True)
class Manifest:
    """All that a bundle promises: every file that is in it, and every one that is not."""

    share: str
    frozen_at: str
    files: Sequence[ManifestFile]
    absent: Sequence[AbsentAsset]


def write_manifest(
    *,
    share_id: UUID,
    frozen_at: datetime,
    files: Sequence[ManifestFile],
    absent: Sequence[AbsentAsset],
) -> bytes:
    """Write the manifest; the same share gives the same bytes."""
    content = {
        "version": _VERSION,
        "share": str(share_id),
        "frozen_at": frozen_at.isoformat(timespec="seconds"),
        "files": [asdict(one) for one in files],
        "absent": [asdict(one) for one in absent],
    }
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def read_manifest(content: bytes) -> Manifest:
    """Read a manifest.

    Raises:
        ValueError: it is none, or one of a version that is not known here.
    """
    try:
        given = json.loads(content)
        if given["version"] != _VERSION:
            raise ValueError(f"a manifest of version {given['version']} is not known here")
        return Manifest(
            share=given["share"],
            frozen_at=given["frozen_at"],
            files=[ManifestFile(**one) for one in given["files"]],
            absent=[AbsentAsset(**one) for one in given["absent"]],
        )
    except (KeyError, TypeError) as error:
        raise ValueError("this is no manifest of a bundle") from error


def write_sums(digests: Mapping[str, str]) -> bytes:
    """Write what `sha256sum -c` understands, from SHA-256 in hexadecimal by name."""
    # Names hold neither backslash nor line break, which would have to be escaped.
    return "".join(f"{digest}  {name}\n" for name, digest in digests.items()).encode()
