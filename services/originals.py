"""Originals: what exactly is in them, found out once.

Reading an original gives its SHA-256, CRC-32 and type. They are kept under everything that the file
system says of the file; as long as all of that is unchanged the file is not read again.
"""

import hashlib
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from isal import isal_zlib
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from models.kinds import AssetKind
from models.seen_original import SeenOriginal
from services.batches import batched
from services.bytesource import Fingerprint
from services.dam.protocol import BadFile
from services.errors import OriginalChanged
from services.installation import Installation
from services.sniffing import sniff

_BLOCK_BYTES = 1 << 20
HEAD_BYTES = 4096
_BATCH = 500
_NANOSECONDS = 1_000_000_000


@dataclass(frozen=True)
class Original:
    """What an original was when it was looked at; `sha256` has 32 bytes."""

    source_key: str
    fingerprint: Fingerprint
    sha256: bytes
    crc32: int
    kind: AssetKind
    media_type: str

    @property
    def size_bytes(self) -> int:
        """The size of the file."""
        return self.fingerprint.size_bytes

    @property
    def modified_at(self) -> datetime:
        """When the file was last written, in whole seconds."""
        return datetime.fromtimestamp(self.fingerprint.mtime_ns // _NANOSECONDS, UTC)


def identify_originals(
    installation: Installation, places: Mapping[str, Path]
) -> tuple[dict[str, Original], list[BadFile]]:
    """Identify many originals, given as source key and path, and tell which cannot be used.

    What was read is committed every few hundred files, so that a killed run does not lose it.
    """
    found: dict[str, Original] = {}
    bad: list[BadFile] = []
    with ThreadPoolExecutor(os.cpu_count() or 1) as readers:
        for batch in batched(places.items(), _BATCH):
            known = _look_up(installation, dict(batch), bad)
            found.update(known)
            unread = [item for item in batch if item[0] not in known and not _is_in(bad, item[0])]
            read = list(readers.map(_read_or_report, unread))
            _remember(installation, [one for one in read if isinstance(one, Original)])
            for one in read:
                if isinstance(one, Original):
                    found[one.source_key] = one
                else:
                    bad.append(one)
    return found, bad


def read_original(source_key: str, path: Path) -> Original:
    """Read one original from its first byte to its last.

    Raises:
        OSError: it cannot be read.
        OriginalChanged: it was written to meanwhile, or it is empty.
    """
    digest, crc32, head = hashlib.sha256(), 0, b""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        before = Fingerprint.of(os.fstat(file.fileno()))
        while block := file.read(_BLOCK_BYTES):
            head = head or block[:HEAD_BYTES]
            digest.update(block)
            crc32 = isal_zlib.crc32(block, crc32)
        after = Fingerprint.of(os.fstat(file.fileno()))
    if before != after:
        raise OriginalChanged("the file was being written to while it was read: try again later")
    if not head:
        raise OriginalChanged("the file is empty")
    sniffed = sniff(head)
    return Original(source_key, before, digest.digest(), crc32, sniffed.kind, sniffed.media_type)


def _read_or_report(item: tuple[str, Path]) -> Original | BadFile:
    source_key, path = item
    try:
        return read_original(source_key, path)
    except OriginalChanged as error:
        return BadFile(source_key, str(error))
    except OSError as error:
        return BadFile(source_key, f"the file cannot be read: {error.strerror}")


def _look_up(
    installation: Installation, places: Mapping[str, Path], bad: list[BadFile]
) -> dict[str, Original]:
    now: dict[str, Fingerprint] = {}
    for source_key, path in places.items():
        try:
            now[source_key] = Fingerprint.of(path.lstat())
        except OSError as error:
            bad.append(BadFile(source_key, f"the file cannot be read: {error.strerror}"))
    with installation.transaction() as session:
        rows = session.scalars(select(SeenOriginal).where(SeenOriginal.source_key.in_(now)))
        seen = [_from_row(row) for row in rows]
    return {one.source_key: one for one in seen if one.fingerprint == now[one.source_key]}


def _from_row(row: SeenOriginal) -> Original:
    fingerprint = Fingerprint(row.size_bytes, row.mtime_ns, row.ctime_ns, row.inode)
    return Original(row.source_key, fingerprint, row.sha256, row.crc32, row.kind, row.media_type)


def _remember(installation: Installation, originals: Sequence[Original]) -> None:
    if not originals:
        return
    values = [
        {
            "source_key": one.source_key,
            "size_bytes": one.fingerprint.size_bytes,
            "mtime_ns": one.fingerprint.mtime_ns,
            "ctime_ns": one.fingerprint.ctime_ns,
            "inode": one.fingerprint.inode,
            "sha256": one.sha256,
            "crc32": one.crc32,
            "kind": one.kind,
            "media_type": one.media_type,
        }
        for one in originals
    ]
    with installation.transaction() as session:
        session.execute(insert(SeenOriginal).on_conflict_do_nothing(), values)


def _is_in(bad: Sequence[BadFile], source_key: str) -> bool:
    return any(one.source_key == source_key for one in bad)
