"""The tracks of a film, and which of them stay (ISO/IEC 14496-12 section 8.3 and 8.4)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from services.metadata.boxes import Box, find_box, read_boxes
from services.metadata.splices import MetadataUnsupported
from services.metadata.window import Window, damaged

PICTURES, SOUND = b"vide", b"soun"
_WORDS = frozenset({b"text", b"sbtl", b"subt", b"clcp"})
_CHAPTERS = b"chap"
_HANDLER_AT = 8
_MOST_TRACKS = 100


@dataclass(frozen=True)
class Track:
    """A track: `kind` is its handler's; it stays if it is one of the film's pictures or sounds.

    `containers` are its boxes trak, mdia, minf and stbl; `children` are those of each of them.
    """

    box: Box
    kind: bytes
    number: int
    is_kept: bool
    containers: tuple[Box, ...]
    children: tuple[tuple[Box, ...], ...]

    def table(self, *kinds: bytes) -> Box:
        """Find a table of samples by its kind.

        Raises:
            MetadataUnsupported: there is none, or more than one.
        """
        found = [box for box in self.children[-1] if box.kind in kinds]
        if len(found) != 1:
            raise damaged("a track lacks a table, or has two")
        return found[0]


def read_tracks(window: Window, inner: Iterable[Box]) -> list[Track]:
    """Read the tracks inside a movie box.

    Raises:
        MetadataUnsupported: none stays, one holds words, or there are more than 100.
    """
    boxes = [box for box in inner if box.kind == b"trak"]
    if len(boxes) > _MOST_TRACKS:
        raise MetadataUnsupported("This film has too many tracks")
    chapters = {number for box in boxes for number in _read_chapters(window, box)}
    tracks = [_read_track(window, box, chapters) for box in boxes]
    if not any(track.is_kept for track in tracks):
        raise damaged("it has neither pictures nor sound")
    if any(track.kind in _WORDS and track.number not in chapters for track in tracks):
        raise MetadataUnsupported("Subtitles may tell where a camera was, as those of drones do")
    return tracks


def _read_chapters(window: Window, trak: Box) -> Iterator[int]:
    """Read the numbers of the tracks that hold titles or pictures of chapters."""
    for box in read_boxes(window, trak.body, trak.end):
        if box.kind == b"tref":
            for one in read_boxes(window, box.body, box.end):
                if one.kind == _CHAPTERS:
                    numbers = window.read(one.body, one.end - one.body)
                    yield from _read_words(numbers)


def _read_track(window: Window, trak: Box, chapters: set[int]) -> Track:
    media = find_box(window, trak, b"mdia")
    kind = window.read(find_box(window, media, b"hdlr").body + _HANDLER_AT, 4)
    number = _read_number(window, find_box(window, trak, b"tkhd"))
    is_kept = kind in {PICTURES, SOUND} and number not in chapters
    if not is_kept:
        return Track(trak, kind, number, is_kept, (trak,), ())
    information = find_box(window, media, b"minf")
    containers = (trak, media, information, find_box(window, information, b"stbl"))
    children = tuple(tuple(read_boxes(window, box.body, box.end)) for box in containers)
    return Track(trak, kind, number, is_kept, containers, children)


def _read_number(window: Window, header: Box) -> int:
    """Read a track's number, which stands behind its times (section 8.3.2)."""
    version = window.number(header.body, 1)
    return window.number(header.body + (20 if version else 12), 4)


def _read_words(numbers: bytes) -> list[int]:
    places = range(0, len(numbers) - 3, 4)
    return [int.from_bytes(numbers[at : at + 4]) for at in places]
