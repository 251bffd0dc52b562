"""Small replacements in a large file: all in which a download differs from the bytes that are kept.

A spliced file lies nowhere. It is a source and a list of splices over it, sorted and disjoint, and
any range of it can be read at once.
"""

import base64
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

from services.bytesource import ByteSource
from services.errors import OriginalChanged, VitrineError

#: A row and every entry of a plan hold the splices of a file, so that they have to stay small.
_MOST_CONTENT_BYTES = 4 << 20
_MOST_SPLICES = 50_000


class MetadataUnsupported(VitrineError):
    """The metadata of this file cannot be written or removed."""

    status = 422


@dataclass(frozen=True, slots=True)
class Splice:
    """The bytes from `start` to before `end` of a source become `content`."""

    start: int
    end: int
    content: bytes = b""

    @property
    def growth_bytes(self) -> int:
        """By how much the file becomes longer; negative where it becomes shorter."""
        return len(self.content) - (self.end - self.start)


def order_splices(splices: Iterable[Splice]) -> tuple[Splice, ...]:
    """Sort splices, and make one of those that touch; what changes nothing is left out.

    Raises:
        MetadataUnsupported: two of them overlap, or they are too large to be kept in a row.
    """
    ordered: list[Splice] = []
    for one in sorted(splices, key=lambda splice: (splice.start, splice.end)):
        if one.start < one.end or one.content:
            ordered.append(_join(ordered.pop(), one) if _touches(ordered, one) else one)
    _check_size(ordered)
    return tuple(ordered)


def _touches(before: Sequence[Splice], one: Splice) -> bool:
    if before and one.start < before[-1].end:
        raise MetadataUnsupported("The file is damaged: two of its parts overlap")
    return bool(before) and one.start == before[-1].end


def _join(left: Splice, right: Splice) -> Splice:
    return Splice(left.start, right.end, left.content + right.content)


def _check_size(splices: Sequence[Splice]) -> None:
    content_bytes = sum(len(one.content) for one in splices)
    if len(splices) > _MOST_SPLICES or content_bytes > _MOST_CONTENT_BYTES:
        raise MetadataUnsupported("So much of this file would change that it had to be copied")


def spliced_size(size_bytes: int, splices: Iterable[Splice]) -> int:
    """Say how many bytes a source of `size_bytes` has once it is spliced."""
    return size_bytes + sum(one.growth_bytes for one in splices)


def write_splices(splices: Iterable[Splice]) -> list[list[Any]]:
    """Write splices as JSON values: `[start, end, content in base64]` each."""
    return [[one.start, one.end, base64.b64encode(one.content).decode()] for one in splices]


def read_splices(values: Iterable[Sequence[Any]]) -> tuple[Splice, ...]:
    """Read splices from their JSON values."""
    return tuple(Splice(start, end, base64.b64decode(text)) for start, end, text in values)


class Moves:
    """Where the bytes of a source stand once splices are in it."""

    def __init__(self, splices: Sequence[Splice]) -> None:
        """Take sorted splices."""
        self._ends = [one.end for one in splices]
        self._growths = [0, *accumulate(one.growth_bytes for one in splices)]

    def place(self, offset: int) -> int:
        """Give the new place of the byte at `offset`, which must not be one that is replaced."""
        return offset + self._growths[bisect_right(self._ends, offset)]


class SplicedSource:
    """A byte source with splices in it.

    `splices` are sorted and disjoint.

    Raises:
        OriginalChanged: the source is shorter than the splices say, when made or when read.
    """

    def __init__(self, source: ByteSource, splices: Sequence[Splice]) -> None:
        edges = [edge for one in splices for edge in (one.start, one.end)]
        if any(left > right for left, right in pairwise([0, *edges, source.size_bytes])):
            raise OriginalChanged("This file has another size than it had when it was measured")
        self._source = source
        self._splices = splices
        self._growths = [0, *accumulate(one.growth_bytes for one in splices)]
        growths_before = zip(splices, self._growths, strict=False)
        self._contents_at = [one.start + growth for one, growth in growths_before]
        self.size_bytes = spliced_size(source.size_bytes, splices)

    def read_at(self, offset: int, length: int) -> bytes:
        """Read up to `length` bytes from `offset` on; less only at the end."""
        pieces, end = [], min(offset + length, self.size_bytes)
        while offset < end:
            pieces.append(self._read_piece(offset, end))
            offset += len(pieces[-1])
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def verify(self) -> None:
        """Make sure that the source is still what it was when it was opened."""
        self._source.verify()

    def close(self) -> None:
        """Close the source."""
        self._source.close()

    def _read_piece(self, offset: int, end: int) -> bytes:
        count = bisect_right(self._contents_at, offset)
        if count:
            content = self._splices[count - 1].content
            within = offset - self._contents_at[count - 1]
            if within < len(content):
                return content[within : within + end - offset]
        if count < len(self._splices):
            end = min(end, self._contents_at[count])
        return self._read_source(offset - self._growths[count], end - offset)

    def _read_source(self, offset: int, length: int) -> bytes:
        block = self._source.read_at(offset, length)
        if len(block) != length:
            raise OriginalChanged("This file ended before all of it was read")
        return block
