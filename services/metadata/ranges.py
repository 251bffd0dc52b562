"""Keep parts of a file, and nothing between them."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator

from services.metadata.boxes import Box
from services.metadata.splices import Splice
from services.metadata.window import damaged

#: Gaps of so few bytes round up to a word, and hold nothing.
_PADDING_BYTES = 3


def keep_only(ranges: Iterable[tuple[int, int]], end: int, start: int = 0) -> tuple[Splice, ...]:
    """Cut out everything between `start` and `end` that is in none of the ranges.

    Args:
        ranges: (start, end) of what stays, in any order; they may overlap, and lie within.
        end: where cutting ends.
        start: where it begins.
    """
    cuts = []
    for from_, to in sorted(ranges):
        if from_ - start > _PADDING_BYTES:
            cuts.append(Splice(start, from_))
        start = max(start, to)
    return tuple([*cuts, Splice(start, end)] if end > start else cuts)


def cut_data(
    boxes: Iterable[Box], ranges: Iterable[tuple[int, int]]
) -> Iterator[tuple[Box, tuple[Splice, ...]]]:
    """Cut out of boxes with data (`mdat`) what is in none of the ranges; one without any goes.

    Raises:
        MetadataUnsupported: a range lies in none of the boxes.
    """
    ordered = sorted(ranges)
    starts, count = [start for start, _ in ordered], 0
    for box in boxes:
        here = ordered[bisect_left(starts, box.body) : bisect_left(starts, box.end)]
        if any(end > box.end for _, end in here):
            raise damaged("its picture or its sound is not all there")
        yield box, keep_only(here, box.end, box.body) if here else (Splice(box.start, box.end),)
        count += len(here)
    if count != len(ordered):
        raise damaged("its picture or its sound is not all there")
