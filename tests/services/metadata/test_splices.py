import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.errors import OriginalChanged
from services.metadata.ranges import keep_only
from services.metadata.splices import (
    MetadataUnsupported,
    Moves,
    Splice,
    SplicedSource,
    order_splices,
    read_splices,
    spliced_size,
    write_splices,
)
from services.metadata.window import HeldBytes

CONTENT = bytes(range(64))


@st.composite
def some_splices(draw):
    """Sorted, disjoint splices over `CONTENT`; some touch, some are empty, some change nothing."""
    count = draw(st.integers(0, 6))
    edges = sorted(
        draw(st.lists(st.integers(0, len(CONTENT)), min_size=2 * count, max_size=2 * count))
    )
    contents = [draw(st.binary(max_size=5)) for _ in range(count)]
    pairs = zip(edges[::2], edges[1::2], contents, strict=True)
    return [Splice(start, end, content) for start, end, content in pairs]


def splice_naively(content, splices):
    for one in reversed(splices):
        content = content[: one.start] + one.content + content[one.end :]
    return content


@given(some_splices(), st.integers(0, 100), st.integers(0, 100))
def test_any_range_of_a_spliced_file_is_that_of_the_whole(splices, offset, length):
    source = SplicedSource(HeldBytes(CONTENT), splices)
    whole = splice_naively(CONTENT, splices)

    assert source.size_bytes == len(whole) == spliced_size(len(CONTENT), splices)
    assert source.read_at(offset, length) == whole[offset : offset + length]


@given(some_splices())
def test_splices_in_order_give_the_same_file(splices):
    ordered = (
        order_splices(reversed(splices)) if _may_be_turned(splices) else order_splices(splices)
    )

    assert splice_naively(CONTENT, ordered) == splice_naively(CONTENT, splices)
    assert all(left.end < right.start for left, right in pairwise(ordered))


def _may_be_turned(splices):
    """Two insertions at one place have the order in which they were given."""
    places = [(one.start, one.end) for one in splices]
    return len(set(places)) == len(places)


@given(some_splices())
def test_splices_survive_being_written_as_json(splices):
    assert read_splices(json.loads(json.dumps(write_splices(splices)))) == tuple(splices)


@given(some_splices())
def test_every_byte_that_stays_is_found_in_its_new_place(splices):
    moves, whole = Moves(splices), splice_naively(CONTENT, splices)
    gone = {at for one in splices for at in range(one.start, one.end)}

    for offset in set(range(len(CONTENT))) - gone:
        assert whole[moves.place(offset)] == CONTENT[offset]


@given(st.lists(st.tuples(st.integers(0, 64), st.integers(0, 64)).map(sorted).map(tuple)))
def test_what_is_kept_stays_and_gaps_that_could_hold_something_go(ranges):
    cuts = keep_only(ranges, 64)
    kept = set(range(64)) - {at for cut in cuts for at in range(cut.start, cut.end)}
    wanted = {at for start, end in ranges for at in range(start, end)}

    assert wanted <= kept
    assert len(kept - wanted) <= 3 * (len(ranges) + 1)


def test_splices_that_overlap_are_refused():
    with pytest.raises(MetadataUnsupported, match="overlap"):
        order_splices([Splice(0, 5), Splice(4, 8)])


def test_splices_too_large_for_a_row_are_refused():
    with pytest.raises(MetadataUnsupported, match="copied"):
        order_splices([Splice(0, 1, bytes(5 << 20))])
    with pytest.raises(MetadataUnsupported, match="copied"):
        order_splices(Splice(at, at + 1) for at in range(0, 200_000, 2))


def test_a_source_shorter_than_its_splices_is_another_file():
    with pytest.raises(OriginalChanged, match="another size"):
        SplicedSource(HeldBytes(CONTENT), [Splice(60, 65)])


def test_a_source_that_ends_early_is_never_padded():
    source = SplicedSource(HeldBytes(CONTENT), [Splice(0, 0, b"head")])
    source._source.content = CONTENT[:32]

    with pytest.raises(OriginalChanged, match="ended before"):
        source.read_at(0, source.size_bytes)


def test_a_spliced_file_is_verified_and_closed_with_its_source():
    called = []
    inner = HeldBytes(CONTENT)
    inner.verify = lambda: called.append("verify")
    inner.close = lambda: called.append("close")
    source = SplicedSource(inner, [])
    source.verify()
    source.close()

    assert called == ["verify", "close"]
