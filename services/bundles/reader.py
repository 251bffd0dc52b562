"""Read a zip that is only planned: any range of it, as if it lay on disk.

A member is opened when its first byte is needed and closed after its last one; at most one is open.
Its source is checked when it is opened and again at its end, and a member that is read whole has
its checksum verified before its last block is given out. Whatever is wrong is an error in the
middle of the transfer: never padding, never a gap, never a valid end.
"""

import json
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from isal import isal_zlib

from services.bundles.plan import HEADER, RECORD
from services.bytesource import ByteSource
from services.errors import MemberChanged, OriginalChanged

#: Where a local header says the name of its file (APPNOTE 6.3.10, section 4.3.7).
_NAME_AT = 30


class Plan:
    """A stored plan, opened: searched by offset, never unpacked."""

    def __init__(self, content: bytes | memoryview) -> None:
        self._content = memoryview(content)
        _, self.entry_count, self.size_bytes, self._tail_at = HEADER.unpack_from(content)
        offsets_at, words = HEADER.size, self.entry_count + 1
        self._zip_offsets = self._content[offsets_at : offsets_at + 8 * words].cast("Q")
        records_at = offsets_at + 8 * words
        self._record_offsets = self._content[records_at : records_at + 8 * words].cast("Q")

    def find(self, offset: int) -> int:
        """Say which entry holds the byte at `offset`; `entry_count` is the tail."""
        return bisect_right(self._zip_offsets, offset) - 1

    def starts_at(self, index: int) -> int:
        """Say where an entry begins in the zip; for `entry_count`, the tail."""
        return self._zip_offsets[index]

    def read_entry(self, index: int) -> tuple[dict[str, Any], bytes]:
        """Read an entry's source and its local header."""
        at = self._record_offsets[index]
        source_bytes, header_bytes = RECORD.unpack_from(self._content, at)
        at += RECORD.size
        source = json.loads(str(self._content[at : at + source_bytes], "utf-8"))
        at += source_bytes
        return source, bytes(self._content[at : at + header_bytes])

    def read_name(self, index: int) -> str:
        """Read the name of an entry."""
        _, header = self.read_entry(index)
        length = int.from_bytes(header[26:28], "little")
        return header[_NAME_AT : _NAME_AT + length].decode()

    def read_tail(self, start: int, end: int) -> bytes:
        """Read a part of the tail: the central directory and the end records."""
        return bytes(self._content[self._tail_at + start : self._tail_at + end])


@dataclass(slots=True)
class _Member:
    """The entry that is being read."""

    index: int
    header: bytes
    starts_at: int
    data_at: int
    ends_at: int
    crc32: int
    source: ByteSource
    next_byte: int = 0
    running_crc32: int = 0


class BundleReader:
    """Reads ranges of a planned zip; `open_source` turns what an entry says into its bytes."""

    def __init__(self, plan: Plan, open_source: Callable[[dict[str, Any]], ByteSource]) -> None:
        self.plan = plan
        self.size_bytes = plan.size_bytes
        self._open_source = open_source
        self._member: _Member | None = None

    def read_at(self, offset: int, length: int) -> bytes:
        """Read up to `length` bytes from `offset` on; less only at the end of the zip.

        Raises:
            MemberChanged: a member is not what was planned.
        """
        end = min(offset + length, self.size_bytes)
        pieces: list[bytes] = []
        try:
            while offset < end:
                offset += self._read_piece(offset, end, pieces)
        except OriginalChanged as error:
            name = self.plan.read_name(self.plan.find(offset))
            raise MemberChanged(name, str(error)) from error
        # Put together once: each byte is copied by whoever takes the block, and nowhere before.
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def verify(self) -> None:
        """Verify the member of which only a part was read; every other one was as it was closed.

        Raises:
            MemberChanged: it is not any more what it was when it was opened.
        """
        if self._member is None:
            return
        try:
            self._member.source.verify()
        except OriginalChanged as error:
            raise MemberChanged(self.plan.read_name(self._member.index), str(error)) from error

    def close(self) -> None:
        """Close the member that is open."""
        if self._member is not None:
            self._member.source.close()
            self._member = None

    def _read_piece(self, offset: int, end: int, pieces: list[bytes]) -> int:
        """Read what of a range lies in the entry at its start, and say how many bytes that are."""
        member = self._member
        if member is None or not member.starts_at <= offset < member.ends_at:
            index = self.plan.find(offset)
            if index == self.plan.entry_count:
                tail_at = self.plan.starts_at(index)
                pieces.append(self.plan.read_tail(offset - tail_at, end - tail_at))
                return end - offset
            member = self._open(index)
        end = min(end, member.ends_at)
        if offset < member.data_at:
            pieces.append(member.header[offset - member.starts_at : end - member.starts_at])
        at = max(0, offset - member.data_at)
        if end > member.data_at + at:
            pieces.append(self._read_data(member, at, end - member.data_at - at))
        if end == member.ends_at:
            self._finish(member)
        return end - offset

    def _read_data(self, member: _Member, at: int, length: int) -> bytes:
        data = member.source.read_at(at, length)
        if len(data) != length:
            raise OriginalChanged(f"a member of the bundle ended {length - len(data)} bytes early")
        if at == member.next_byte:
            member.running_crc32 = isal_zlib.crc32(data, member.running_crc32)
            member.next_byte += len(data)
        else:
            member.next_byte = -1  # Read in parts: its checksum cannot be told.
        return data

    def _finish(self, member: _Member) -> None:
        member.source.verify()
        is_whole = member.next_byte == member.ends_at - member.data_at
        if is_whole and member.running_crc32 != member.crc32:
            raise OriginalChanged("a member of the bundle has another content than was planned")
        self.close()

    def _open(self, index: int) -> _Member:
        self.close()
        source_of, header = self.plan.read_entry(index)
        starts_at, ends_at = self.plan.starts_at(index), self.plan.starts_at(index + 1)
        data_at = starts_at + len(header)
        source = self._open_source(source_of)
        crc32 = int.from_bytes(header[14:18], "little")
        member = _Member(index, header, starts_at, data_at, ends_at, crc32, source)
        self._member = member
        if source.size_bytes != ends_at - data_at:
            self.close()
            raise OriginalChanged("a member of the bundle has another size than was planned")
        return member
