"""Hollow files: zeros of any length with a few marks, computed where they are read.

Nothing of them lies on a disk, so that a zip of hundreds of gigabytes can be planned and read. The
marks differ from file to file and stand at its front, in its middle and at its end.
"""

import hashlib
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from isal import isal_zlib

from services.bundles.plan import PlanEntry, write_plan
from services.bundles.reader import BundleReader, Plan

_MARK_BYTES = 32
_BLOCK_BYTES = 1 << 20
_ZEROS = bytes(_BLOCK_BYTES)
_WHEN = datetime(2026, 5, 4, 3, 2, 2, tzinfo=UTC)


class Hollow:
    """A source of bytes that are computed; `mark` tells it from others of its size."""

    def __init__(self, size_bytes: int, mark: int) -> None:
        self.size_bytes = size_bytes
        word = hashlib.sha256(b"%d" % mark).digest()
        if size_bytes < 4 * _MARK_BYTES:
            self.marks = [(0, (4 * word)[:size_bytes])]
        else:
            places = (0, size_bytes // 2, size_bytes - _MARK_BYTES)
            self.marks = [(place, word) for place in places]

    def read_at(self, offset: int, length: int) -> bytes:
        """Read up to `length` bytes from `offset` on; less only at the end."""
        end = min(offset + length, self.size_bytes)
        block = bytes(max(0, end - offset))
        for place, word in self.marks:
            if place < end and offset < place + len(word):
                first, last = max(place, offset), min(place + len(word), end)
                part = word[first - place : last - place]
                block = block[: first - offset] + part + block[last - offset :]
        return block

    def verify(self) -> None:
        """It cannot change."""

    def close(self) -> None:
        """It is never open."""

    def sum_up(self) -> int:
        """Compute its CRC-32 from those of its parts: no byte between the marks is touched."""
        total, place = 0, 0
        for start, word in self.marks:
            total = isal_zlib.crc32_combine(total, _sum_zeros(start - place), start - place)
            total = isal_zlib.crc32(word, total)
            place = start + len(word)
        return total

    def digest(self) -> str:
        """Read it all and take its SHA-256."""
        digest = hashlib.sha256()
        for place in range(0, self.size_bytes, _BLOCK_BYTES):
            digest.update(self.read_at(place, _BLOCK_BYTES))
        return digest.hexdigest()


def describe(name: str, size_bytes: int, mark: int) -> PlanEntry:
    """Describe a hollow file as a member of a zip."""
    # Size and mark say all that a digest of the content would, without reading it.
    identity = hashlib.sha256(b"%d %d" % (size_bytes, mark)).digest()
    crc32 = Hollow(size_bytes, mark).sum_up()
    source = {"size_bytes": size_bytes, "mark": mark}
    return PlanEntry(name, size_bytes, crc32, identity, _WHEN, source)


def open_hollow(source: dict[str, Any]) -> Hollow:
    """Open what the plan says of a hollow file."""
    return Hollow(source["size_bytes"], source["mark"])


def write_bundle(entries: Sequence[PlanEntry], path: Path) -> dict[str, str]:
    """Write a zip of hollow files, with holes for zeros; return each member's SHA-256 by its name."""
    reader = BundleReader(Plan(write_plan(entries).content), open_hollow)
    with path.open("wb") as file:
        for place in range(0, reader.size_bytes, _BLOCK_BYTES):
            block = reader.read_at(place, _BLOCK_BYTES)
            if block == _ZEROS:
                file.seek(len(block), io.SEEK_CUR)
            else:
                file.write(block)
        file.truncate(reader.size_bytes)
    return {one.name: open_hollow(one.source).digest() for one in entries}


class BundleFile(io.RawIOBase):
    """A planned zip as a file that can be searched, for programs that want one."""

    def __init__(self, reader: BundleReader) -> None:
        super().__init__()
        self._reader, self._place = reader, 0

    def readable(self) -> bool:
        """It can be read."""
        return True

    def seekable(self) -> bool:
        """It can be searched."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to another place."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._reader.size_bytes}
        self._place = start[whence] + offset
        return self._place

    def tell(self) -> int:
        """Say at which place it is."""
        return self._place

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer from here on."""
        block = self._reader.read_at(self._place, len(buffer))
        buffer[: len(block)] = block
        self._place += len(block)
        return len(block)


@lru_cache(maxsize=64)
def _sum_zeros(count: int) -> int:
    """Compute the CRC-32 of so many zeros, half of them from the other half."""
    if count <= len(_ZEROS):
        return isal_zlib.crc32(_ZEROS[:count])
    half = count // 2
    return isal_zlib.crc32_combine(_sum_zeros(half), _sum_zeros(count - half), count - half)
