"""Clean the headers of tracks that stay: times, names of handlers, makers and encoders.

Some writers fill the fields that nobody reads with their name and the model of a camera.
"""

from collections.abc import Iterator

from services.metadata.boxes import Box, find_box, read_boxes, write_box, write_full_box
from services.metadata.movie_samples import clean_sample_entries
from services.metadata.movie_tracks import Track
from services.metadata.splices import MetadataUnsupported, Splice
from services.metadata.window import Window, damaged

_KEPT = frozenset({
    *(b"tkhd", b"edts", b"tapt", b"mdia"),
    *(b"mdhd", b"hdlr", b"elng", b"minf"),
    *(b"vmhd", b"smhd", b"dinf", b"stbl"),
    *(b"stsd", b"stts", b"ctts", b"cslg", b"stss", b"stps", b"stsc", b"stsz", b"stz2"),
    *(b"stco", b"co64", b"stsh", b"padb", b"stdp", b"sdtp", b"sbgp", b"sgpd", b"subs"),
})  # fmt: skip
_ENCRYPTED = frozenset({b"saio", b"saiz", b"senc"})
_HANDLER_BYTES = 12
_NAME_AT = 24
_IS_HERE = 1


def forget_times(window: Window, header: Box) -> Iterator[Splice]:
    """Set to zero when a movie, a track or a medium was made and changed (section 8.2.2)."""
    length = 16 if window.number(header.body, 1) else 8
    start = header.body + 4
    if start + length > header.end:
        raise damaged("a header is too short")
    if any(window.read(start, length)):
        yield Splice(start, start + length, bytes(length))


def clean_track(window: Window, track: Track) -> Iterator[Splice]:
    """Drop what is not needed to play a track, and clean what is."""
    for box in (child for children in track.children for child in children):
        if box.kind in _ENCRYPTED:
            raise MetadataUnsupported("This film is encrypted")
        if box.kind not in _KEPT:
            yield Splice(box.start, box.end)
        elif box.kind in {b"tkhd", b"mdhd"}:
            yield from forget_times(window, box)
        elif box.kind == b"hdlr":
            yield from _forget_name(window, box)
        elif box.kind == b"dinf":
            yield from _clean_places(window, box)
        elif box.kind == b"stsd":
            yield from clean_sample_entries(window, box, track.kind)


def _forget_name(window: Window, box: Box) -> Iterator[Splice]:
    if box.end - box.body < _NAME_AT:
        raise damaged("a header is too short")
    kept = window.read(box.body, _HANDLER_BYTES)
    nameless = bytes(_NAME_AT - _HANDLER_BYTES) + b"\x00"
    yield from _replace(window, box, write_box(b"hdlr", kept, nameless))


def _clean_places(window: Window, box: Box) -> Iterator[Splice]:
    """Say that the data is in this file; an alias names the disk on which it once was."""
    table = find_box(window, box, b"dref")
    entries = list(read_boxes(window, table.body + 8, table.end))
    if not all(window.number(one.body, 4) & _IS_HERE for one in entries):
        raise MetadataUnsupported("Parts of this film lie in another file")
    written = [write_full_box(one.kind, 0, _IS_HERE) for one in entries]
    places = write_full_box(b"dref", 0, 0, len(entries).to_bytes(4), *written)
    yield from _replace(window, box, write_box(b"dinf", places))


def _replace(window: Window, box: Box, written: bytes) -> Iterator[Splice]:
    if window.read(box.start, box.end - box.start) != written:
        yield Splice(box.start, box.end, written)
