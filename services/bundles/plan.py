"""The plan of a zip: everything of it but the bytes of its members, written once.

The zip itself is never stored. From names, sizes and checksums alone the plan fixes every local
header, every offset and the central directory, so that the length is known before the first byte
and any range can be served. Members are stored, not deflated: photographs and films do not shrink.

Layout of the file, little-endian: the header; `entry_count + 1` offsets of entries in the zip;
`entry_count + 1` offsets of records in this file; the records (JSON of the source, then the local
header); the tail of the zip (central directory and end records).
"""

import hashlib
import json
import stat
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zipfile import ZIP64_LIMIT

from isal import isal_zlib
from zipstream import ZipStream
from zipstream.ng import ZipStreamInfo

_MAGIC = b"VITRPLN1"
HEADER = struct.Struct("<8sQQQ")  # magic, entries, size of the zip, place of the tail in this file
RECORD = struct.Struct("<II")  # bytes of source JSON, bytes of local header
_EXTENDED_TIME = struct.Struct("<HHBl")  # extra field 0x5455: modification time in UTC
_REGULAR_FILE = (stat.S_IFREG | 0o644) << 16
_EARLIEST_YEAR, _LATEST_YEAR = 1980, 2107  # what a DOS time can say
_LATEST_UNIX_TIME = 2**31 - 1


@dataclass(frozen=True, slots=True)
class PlanEntry:
    """One member of a zip.

    `source` says where its bytes come from, as a JSON object that only the opener of sources
    understands; `sha256` (32 bytes) names its content, wherever that lies.
    """

    name: str
    size_bytes: int
    crc32: int
    sha256: bytes
    modified_at: datetime
    source: dict[str, Any]

    @classmethod
    def of_bytes(
        cls, name: str, content: bytes, modified_at: datetime, source: dict[str, Any]
    ) -> "PlanEntry":
        """Describe a member whose content is at hand."""
        digest = hashlib.sha256(content).digest()
        return cls(name, len(content), isal_zlib.crc32(content), digest, modified_at, source)


@dataclass(frozen=True)
class WrittenPlan:
    """A plan ready to be stored; `etag` is that of the zip, without quotes."""

    content: bytes
    size_bytes: int
    entry_count: int
    etag: str


def write_plan(entries: Sequence[PlanEntry]) -> WrittenPlan:
    """Plan a zip of these members in this order; the same members give the same bytes.

    Raises:
        ValueError: a name could leave the folder into which the zip is unpacked.
    """
    zip_offsets, record_offsets, records = [], [], []
    identity = hashlib.sha256(_MAGIC)
    infos: list[ZipStreamInfo] = []
    place = 0
    for entry in entries:
        info = _describe(entry, place)
        # FileHeader writes the local header alone when bit 3 is off and the sums are set.
        local_header: bytes = info.FileHeader(zip64=entry.size_bytes > ZIP64_LIMIT)
        zip_offsets.append(place)
        record = json.dumps(entry.source, separators=(",", ":"), ensure_ascii=False).encode()
        records.append((record, local_header))
        identity.update(local_header + entry.sha256)
        place += len(local_header) + entry.size_bytes
        infos.append(info)
    tail = _write_tail(infos, place)
    zip_offsets.append(place)
    size_bytes = place + len(tail)
    fixed = HEADER.size + 16 * (len(entries) + 1)
    for record, local_header in records:
        record_offsets.append(fixed)
        fixed += RECORD.size + len(record) + len(local_header)
    record_offsets.append(fixed)
    count = len(entries)
    content = b"".join(
        [
            HEADER.pack(_MAGIC, count, size_bytes, fixed),
            struct.pack(f"<{count + 1}Q", *zip_offsets),
            struct.pack(f"<{count + 1}Q", *record_offsets),
            *(RECORD.pack(len(one), len(two)) + one + two for one, two in records),
            tail,
        ]
    )
    return WrittenPlan(content, size_bytes, count, identity.hexdigest()[:32])


def _describe(entry: PlanEntry, place: int) -> ZipStreamInfo:
    _check_name(entry.name)
    moment = entry.modified_at.astimezone(UTC)
    year = min(max(moment.year, _EARLIEST_YEAR), _LATEST_YEAR)
    info = ZipStreamInfo(entry.name, (year, *moment.timetuple()[1:6]))
    info.external_attr = _REGULAR_FILE
    info.create_system = 3
    info.flag_bits = 0
    info.file_size = info.compress_size = entry.size_bytes
    info.CRC = entry.crc32
    info.header_offset = place
    unix_time = min(max(int(moment.timestamp()), 0), _LATEST_UNIX_TIME)
    info.extra = _EXTENDED_TIME.pack(0x5455, 5, 1, unix_time)
    return info


def _write_tail(infos: Sequence[ZipStreamInfo], place: int) -> bytes:
    # Two private attributes of zipstream-ng: the version is pinned, and a test names it.
    stream = ZipStream()
    stream._filelist = list(infos)  # noqa: SLF001
    stream._pos = place  # noqa: SLF001
    return b"".join(stream.footer())


def _check_name(name: str) -> None:
    parts = name.split("/")
    if any(part in {"", ".", ".."} for part in parts) or "\\" in name or "\0" in name:
        raise ValueError(f"{name!r} is no safe name inside a zip")
