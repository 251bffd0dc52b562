"""The first directory of a TIFF file or of an EXIF block, read with care: it may be hostile."""

import mmap
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Literal

#: TIFF 6.0, section 2 ("IFD Entry"): how many bytes one value of a type has.
_BYTES_OF_TYPE = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_ENTRY_BYTES = 12
_INLINE_BYTES = 4
_HEADER_BYTES = 8
_MOST_ENTRIES = 500
_LONGEST_VALUE_BYTES = 65_536

#: Bytes, or a file that lies in memory only where it is read.
Buffer = bytes | mmap.mmap
_ByteOrder = Literal["little", "big"]


@dataclass(frozen=True)
class TiffTags:
    """The values of one directory as bytes, by the number of their tag.

    A value that lies outside of what was read is empty; its tag is there all the same.
    """

    byte_order: _ByteOrder
    values: Mapping[int, bytes]

    def __contains__(self, tag: int) -> bool:
        return tag in self.values

    def number(self, tag: int) -> int:
        """Read the first bytes of a value as one number of two or four bytes; 0 if there is none."""
        return int.from_bytes(self.values.get(tag, b"")[:_INLINE_BYTES], self.byte_order)

    def text(self, tag: int) -> bytes:
        """Read a text up to its terminating NUL; its encoding is not known."""
        return self.values.get(tag, b"").partition(b"\0")[0]


def read_first_directory(data: Buffer) -> TiffTags:
    """Read IFD 0 as far as it lies in `data`, which begins with the header (II or MM)."""
    byte_order: _ByteOrder = "big" if data[:2] == b"MM" else "little"
    start = int.from_bytes(data[4:_HEADER_BYTES], byte_order)
    if data[:2] not in {b"II", b"MM"} or start < _HEADER_BYTES:
        return TiffTags(byte_order, {})
    count = min(int.from_bytes(data[start : start + 2], byte_order), _MOST_ENTRIES)
    entries = range(start + 2, len(data) - _ENTRY_BYTES + 1, _ENTRY_BYTES)
    return TiffTags(byte_order, dict(_read(data, at, byte_order) for at in islice(entries, count)))


def _read(data: Buffer, at: int, byte_order: _ByteOrder) -> tuple[int, bytes]:
    tag, kind = (int.from_bytes(data[at + n : at + n + 2], byte_order) for n in (0, 2))
    count = int.from_bytes(data[at + 4 : at + 8], byte_order)
    length = count * _BYTES_OF_TYPE.get(kind, 0)
    if length <= _INLINE_BYTES:
        return tag, data[at + 8 : at + 8 + length]
    start = int.from_bytes(data[at + 8 : at + _ENTRY_BYTES], byte_order)
    return tag, data[start : start + min(length, _LONGEST_VALUE_BYTES)]
