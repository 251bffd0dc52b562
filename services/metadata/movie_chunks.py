"""Where the pictures and sounds of a track lie in the file (ISO/IEC 14496-12 section 8.7)."""

import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass

from services.metadata.boxes import Box
from services.metadata.movie_samples import pcm_frame_bytes
from services.metadata.movie_tracks import SOUND, Track
from services.metadata.splices import MetadataUnsupported, Moves, Splice
from services.metadata.window import Window, damaged

_MOST_CHUNKS = 500_000
_MOST_SAMPLES = 10_000_000
_COUNT_BYTES = 4
_TYPES = {1: "B", 2: "H", 4: "I", 8: "Q"}
_RUN_NUMBERS = 3
_LARGEST = 0xFFFF_FFFF


@dataclass(frozen=True)
class Chunks:
    """The chunks of a track.

    `ranges` are where they lie, (start, end), those that touch as one. `offsets` stand in the
    file from `table_at` on, in `offset_bytes` each.
    """

    ranges: tuple[tuple[int, int], ...]
    offsets: "array[int]"
    offset_bytes: int
    table_at: int

    @property
    def table_bytes(self) -> int:
        """How long the table of offsets is."""
        return len(self.offsets) * self.offset_bytes


def read_chunks(window: Window, track: Track) -> Chunks:
    """Read where the chunks of a track are, and how long.

    Raises:
        MetadataUnsupported: tables contradict each other, or say too little, or are too large.
    """
    box = track.table(b"stco", b"co64")
    offset_bytes = 8 if box.kind == b"co64" else 4
    table_at = box.body + 2 * _COUNT_BYTES
    count = window.number(box.body + _COUNT_BYTES, _COUNT_BYTES)
    if count > _MOST_CHUNKS:
        raise MetadataUnsupported("This film is built of too many parts")
    offsets = _read_array(window, box, table_at, count, offset_bytes)
    sizes = _read_chunk_sizes(window, track, count)
    ranges = tuple(_join(zip(offsets, sizes, strict=True)))
    return Chunks(ranges, offsets, offset_bytes, table_at)


def move_chunks(window: Window, chunks: Chunks, moves: Moves) -> Iterator[Splice]:
    """Write the offsets anew where the chunks have moved."""
    moved = [moves.place(offset) for offset in chunks.offsets]
    if chunks.offset_bytes == _COUNT_BYTES and max(moved, default=0) > _LARGEST:
        raise MetadataUnsupported("The film would become larger than 4 GB, which it cannot say")
    written = b"".join(offset.to_bytes(chunks.offset_bytes) for offset in moved)
    if written != window.read(chunks.table_at, chunks.table_bytes):
        yield Splice(chunks.table_at, chunks.table_at + chunks.table_bytes, written)


def _join(chunks: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    start = end = 0
    for offset, size_bytes in chunks:
        if offset != end:
            if end > start:
                yield start, end
            start = offset
        end = offset + size_bytes
    if end > start:
        yield start, end


def _read_chunk_sizes(window: Window, track: Track, count: int) -> Iterator[int]:
    size_bytes, sizes, samples = _read_sample_sizes(window, track)
    sample = 0
    for in_chunk in _read_counts(window, track.table(b"stsc"), count):
        if sample + in_chunk > samples:
            raise damaged("a track has fewer pieces than it says")
        yield size_bytes * in_chunk or sum(sizes[sample : sample + in_chunk])
        sample += in_chunk


def _read_sample_sizes(window: Window, track: Track) -> tuple[int, "array[int]", int]:
    """Read the size of all samples, or 0 and that of each, and how many there are."""
    box = track.table(b"stsz", b"stz2")
    size_bytes, samples = window.number(box.body + 4, 4), window.number(box.body + 8, 4)
    if samples > _MOST_SAMPLES:
        raise MetadataUnsupported("This film is built of too many parts")
    if box.kind == b"stz2":
        width = size_bytes // 8
        if width not in _TYPES:
            raise MetadataUnsupported("This film has its sizes written in an unusual way")
        return 0, _read_array(window, box, box.body + 12, samples, width), samples
    if size_bytes == 1 and track.kind == SOUND:
        size_bytes = pcm_frame_bytes(window, track.table(b"stsd"))
        if not size_bytes:
            raise MetadataUnsupported("Old QuickTime sound does not say where its pieces end")
    count = 0 if size_bytes else samples
    return size_bytes, _read_array(window, box, box.body + 12, count, 4), samples


def _read_counts(window: Window, box: Box, chunks: int) -> Iterator[int]:
    """Read how many samples are in each chunk (section 8.7.4: runs of equal chunks)."""
    runs = window.number(box.body + 4, 4)
    table = _read_array(window, box, box.body + 8, runs * _RUN_NUMBERS, 4)
    firsts = [*table[::_RUN_NUMBERS], chunks + 1]
    if firsts[0] != 1 or sorted(firsts) != firsts:
        raise damaged("a track says twice what is in its parts, or not at all")
    for run, in_chunk in enumerate(table[1::_RUN_NUMBERS]):
        for _ in range(firsts[run + 1] - firsts[run]):
            yield in_chunk


def _read_array(window: Window, box: Box, at: int, count: int, width: int) -> "array[int]":
    if at + count * width > box.end:
        raise damaged("a table is longer than what it lies in")
    numbers = array(_TYPES[width], window.read(at, count * width))
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers
