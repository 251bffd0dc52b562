"""Boxes of ISO base media files (ISO/IEC 14496-12 section 4.2), in films, sounds and pictures."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate

from services.metadata.splices import MetadataUnsupported, Splice
from services.metadata.window import Window, damaged

_HEAD_BYTES, _LARGE_HEAD_BYTES = 8, 16
_TO_THE_END, _IS_LARGE = 0, 1
_LARGEST = 0xFFFF_FFFF


@dataclass(frozen=True)
class Box:
    """A box: its head at `start`, its payload from `body` to before `end`."""

    kind: bytes
    start: int
    body: int
    end: int


def read_boxes(window: Window, start: int, end: int) -> Iterator[Box]:
    """Read the boxes between two places, one after another.

    Raises:
        MetadataUnsupported: one of them is longer than what it lies in.
    """
    while start < end:
        box = _read_box(window, start, end)
        yield box
        start = box.end


def _read_box(window: Window, start: int, end: int) -> Box:
    head = window.read(start, _HEAD_BYTES)
    size_bytes, body = int.from_bytes(head[:4]), start + _HEAD_BYTES
    if size_bytes == _IS_LARGE:
        size_bytes, body = window.number(body, 8), start + _LARGE_HEAD_BYTES
    elif size_bytes == _TO_THE_END and end == window.size_bytes:
        size_bytes = end - start
    box = Box(head[4:], start, body, start + size_bytes)
    if not body <= box.end <= end:
        raise damaged("a part is longer than what it lies in")
    return box


def read_outermost(window: Window, needed: frozenset[bytes]) -> list[Box]:
    """Read the outermost boxes of a file.

    What cannot be read behind those that are needed is a trailer, as some phones write it.

    Raises:
        MetadataUnsupported: a box is damaged before all that are needed were there.
    """
    boxes: list[Box] = []
    at = 0
    while at < window.size_bytes:
        try:
            boxes.append(_read_box(window, at, window.size_bytes))
        except MetadataUnsupported:
            if needed <= {box.kind for box in boxes}:
                break
            raise
        at = boxes[-1].end
    return boxes


def find_box(window: Window, parent: Box, kind: bytes) -> Box:
    """Find the one box of a kind directly inside another.

    Raises:
        MetadataUnsupported: there is none, or more than one.
    """
    found = [box for box in read_boxes(window, parent.body, parent.end) if box.kind == kind]
    if len(found) != 1:
        raise damaged(f"it has {len(found)} parts {kind.decode('latin-1')} where it needs one")
    return found[0]


def write_box(kind: bytes, *parts: bytes) -> bytes:
    """Write a box of less than 4 GiB."""
    payload = b"".join(parts)
    return (len(payload) + _HEAD_BYTES).to_bytes(4) + kind + payload


def write_full_box(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    """Write a box with a version and flags."""
    return write_box(kind, bytes((version,)) + flags.to_bytes(3), *parts)


def resize(window: Window, boxes: Iterable[Box], splices: Iterable[Splice]) -> Iterator[Splice]:
    """Write the heads of boxes anew in which splices change the length.

    A head keeps its length: the others' places do not depend on it.

    Args:
        window: the file.
        boxes: those that may change, one inside another or beside it.
        splices: disjoint ones, each of them inside a box or outside it.

    Raises:
        MetadataUnsupported: a box grew beyond what its head can say.
    """
    ordered = sorted(splices, key=lambda one: (one.start, one.end))
    starts, ends = [one.start for one in ordered], [one.end for one in ordered]
    growths = [0, *accumulate(one.growth_bytes for one in ordered)]
    for box in boxes:
        first, after = bisect_left(starts, box.body), bisect_right(ends, box.end)
        growth_bytes = growths[after] - growths[first] if after > first else 0
        size_bytes = box.end - box.start + growth_bytes
        head = window.read(box.start, box.body - box.start)
        written = _write_head(box, size_bytes)
        if written != head:
            yield Splice(box.start, box.body, written)


def _write_head(box: Box, size_bytes: int) -> bytes:
    if box.body - box.start == _LARGE_HEAD_BYTES:
        return _IS_LARGE.to_bytes(4) + box.kind + size_bytes.to_bytes(8)
    if size_bytes > _LARGEST:
        raise MetadataUnsupported("A part of the file would become larger than 4 GB")
    return size_bytes.to_bytes(4) + box.kind
