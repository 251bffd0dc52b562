"""Metadata of MP4, M4A and QuickTime (ISO/IEC 14496-12; QuickTime File Format, Apple 2012).

A film keeps its pictures and its sound, with the tables that play them. All else goes with its
bytes: notes of makers and editors, covers, chapters, time codes, and the tracks in which cameras
and drones write where they were. The sound and pictures that stay are not moved against each other.
"""

from collections.abc import Iterable, Iterator, Sequence

from services.metadata.boxes import Box, read_boxes, read_outermost, resize, write_box
from services.metadata.itunes import write_user_data
from services.metadata.movie_chunks import Chunks, move_chunks, read_chunks
from services.metadata.movie_headers import clean_track, forget_times
from services.metadata.movie_tracks import Track, read_tracks
from services.metadata.packet import Packet
from services.metadata.ranges import cut_data
from services.metadata.splices import MetadataUnsupported, Moves, Splice, order_splices
from services.metadata.window import Window, check_start, damaged

_KEPT = frozenset({b"ftyp", b"moov", b"mdat"})
_FRAGMENTS = frozenset({b"moof", b"mvex", b"sidx", b"styp", b"ssix"})
#: A movie in another form or in another place: compressed, or only referred to.
_ELSEWHERE = frozenset({b"cmov", b"rmra"})
_MAKER_HEAD, _MAKER_HEAD_BYTES, _LOOKED_AT = b"GP", 16, 100
_BOX_BYTES, _MOST_BOXES = 8, 1_000
_OLD_START = (b"ftyp", b"wide", b"mdat", b"moov", b"free", b"skip")


def rewrite(window: Window, packet: Packet) -> tuple[Splice, ...]:
    """Keep only pictures and sound, and put a packet in."""
    boxes = _read_outermost(window)
    movie = _find_movie(boxes)
    inner = list(read_boxes(window, movie.body, movie.end))
    _check_kinds(boxes, inner)
    tracks = read_tracks(window, inner)
    chunks = [read_chunks(window, track) for track in tracks if track.is_kept]
    cuts = [*_change_movie(window, inner, tracks, packet), *_cut_data(window, boxes, chunks)]
    cuts += _cut_outermost(window, boxes)
    cuts += _fill_up(boxes, cuts, sum(one.table_bytes for one in chunks))
    holders = [box for track in tracks if track.is_kept for box in track.containers]
    cuts += list(resize(window, [movie, *holders, *_find_data(boxes)], cuts))
    moves = Moves(order_splices(cuts))
    return order_splices(
        [*cuts, *(one for part in chunks for one in move_chunks(window, part, moves))]
    )


def _read_outermost(window: Window) -> list[Box]:
    if window.read(4, 4) not in _OLD_START:
        check_start(window, b"ftyp", "MP4", at=4)
    return read_outermost(window, frozenset({b"moov", b"mdat"}))


def _find_movie(boxes: Iterable[Box]) -> Box:
    found = [box for box in boxes if box.kind == b"moov"]
    if len(found) != 1:
        raise damaged(f"it has {len(found)} indexes where it needs one")
    return found[0]


def _find_data(boxes: Iterable[Box]) -> list[Box]:
    return [box for box in boxes if box.kind == b"mdat"]


def _check_kinds(boxes: Sequence[Box], inner: Sequence[Box]) -> None:
    if len(boxes) + len(inner) > _MOST_BOXES:
        raise MetadataUnsupported("This film is built of too many parts")
    kinds = {box.kind for box in (*boxes, *inner)}
    if kinds & _FRAGMENTS:
        raise MetadataUnsupported("This film is in fragments, each with an index of its own")
    if kinds & _ELSEWHERE:
        raise MetadataUnsupported("The index of this film is compressed, or lies elsewhere")
    if b"mvhd" not in kinds:
        raise damaged("it has no header")


def _change_movie(
    window: Window, inner: Iterable[Box], tracks: Iterable[Track], packet: Packet
) -> Iterator[Splice]:
    """Change the index: the packet follows its header, where it lies in no other box."""
    stay = {track.box for track in tracks if track.is_kept}
    for box in inner:
        if box.kind == b"mvhd":
            yield from forget_times(window, box)
            yield Splice(box.end, box.end, write_user_data(packet))
        elif box not in stay:
            yield Splice(box.start, box.end)
    for track in tracks:
        if track.is_kept:
            yield from clean_track(window, track)


def _cut_data(window: Window, boxes: Iterable[Box], chunks: Sequence[Chunks]) -> Iterator[Splice]:
    """Take out of the data whatever no kept track plays."""
    ranges = (one for track in chunks for one in track.ranges)
    for _, cuts in cut_data(_find_data(boxes), ranges):
        yield from _spare_heads(window, cuts)


def _spare_heads(window: Window, cuts: Sequence[Splice]) -> Sequence[Splice]:
    """Leave the heads in that GoPro puts before each chunk: its number, bytes and duration.

    They tell nothing, and an hour of film has so many that its splices could not be kept in a row.
    """
    heads = [one for one in cuts if one.end - one.start == _MAKER_HEAD_BYTES]
    looked_at = heads[:: max(1, len(heads) // _LOOKED_AT)]
    if not all(window.read(one.start, len(_MAKER_HEAD)) == _MAKER_HEAD for one in looked_at):
        return cuts
    return [one for one in cuts if one.end - one.start != _MAKER_HEAD_BYTES]


def _fill_up(boxes: Iterable[Box], cuts: Iterable[Splice], table_bytes: int) -> Iterator[Splice]:
    """Put free space where the index in front became shorter: then no offset has to change.

    Where that would take more bytes than the tables of offsets have, they are written anew.
    """
    data_at = next((box.start for box in _find_data(boxes)), 0)
    lost_bytes = -sum(one.growth_bytes for one in cuts if one.end <= data_at)
    if _BOX_BYTES <= lost_bytes <= table_bytes:
        yield Splice(data_at, data_at, write_box(b"free", bytes(lost_bytes - _BOX_BYTES)))


def _cut_outermost(window: Window, boxes: Sequence[Box]) -> Iterator[Splice]:
    for box in boxes:
        if box.kind not in _KEPT:
            yield Splice(box.start, box.end)
    yield Splice(boxes[-1].end, window.size_bytes)
