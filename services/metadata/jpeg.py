"""Metadata of JPEG (ITU-T T.81, JFIF in T.871, EXIF in CIPA DC-008, XMP in ISO 16684-1).

The segments before the picture's first scan hold all that a JPEG says of itself. Bytes after the
end of the picture are other pictures: unedited ones, depth maps, films of a phone.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from services.metadata.packet import Packet, write_exif, write_xmp
from services.metadata.splices import Splice, order_splices
from services.metadata.traits import PLAIN, PREFIX, Traits, read_traits
from services.metadata.window import Window, check_start, damaged

_SIGNATURE = b"\xff\xd8\xff"
_START, _END, _SCAN, _COMMENT = 0xD8, 0xD9, 0xDA, 0xFE
_APP0, _APP1, _APP2, _APP14, _APP15 = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF
_FIRST_SEGMENT = 0xC0
_MARKER = 0xFF
#: A marker within coded data; FF 00 is a coded byte, and D0 to D7 restart the coder.
_MARKER_IN_SCAN = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_JFIF, _JFIF_BYTES = b"JFIF\x00", 14
_ICC = b"ICC_PROFILE\x00"
_ADOBE, _ADOBE_BYTES = b"Adobe", 12
_XMP = b"http://ns.adobe.com/xap/1.0/\x00"


@dataclass(frozen=True)
class Segment:
    """A marker with its payload: from `start`, its payload from `body`, to before `end`."""

    marker: int
    start: int
    body: int
    end: int


def embed(window: Window, packet: Packet) -> tuple[Splice, ...]:
    """Put a packet in the place of what stands before the first scan; nothing else is read."""
    return order_splices(_change_head(window, _read_picture_head(window), packet))


def rewrite(window: Window, packet: Packet) -> tuple[Splice, ...]:
    """Keep only the picture, its profile and its traits, and put a packet in.

    The whole file is read once, in blocks: only that finds the end of the picture.
    """
    head = _read_picture_head(window)
    rest = list(_read_scans(window, head[-1]))
    end = rest.pop().end
    dropped = [Splice(one.start, one.end) for one in rest if _is_application(one)]
    trailer = Splice(end, window.size_bytes)
    return order_splices([*_change_head(window, head, packet), *dropped, trailer])


def is_plain(head: bytes) -> bool:
    """Whether a JPEG stream says nothing before its first scan, as in tables and strips of a TIFF."""
    window = Window.over(head)
    check_start(window, _SIGNATURE, "JPEG")
    return not any(_is_application(one) and one.marker != _APP14 for one in _read_head(window))


def _read_picture_head(window: Window) -> list[Segment]:
    check_start(window, _SIGNATURE, "JPEG")
    head = list(_read_head(window))
    if head[-1].marker != _SCAN:
        raise damaged("it has no picture")
    return head


def _read_head(window: Window) -> Iterator[Segment]:
    """Read the segments up to the header of the first scan, or to the end mark."""
    segment = _read_segment(window, 2)
    yield segment
    while segment.marker not in {_SCAN, _END}:
        segment = _read_segment(window, segment.end)
        yield segment


def _read_segment(window: Window, at: int) -> Segment:
    start = at
    if window.number(at, 1) != _MARKER:
        raise damaged("it has bytes between its parts")
    while (marker := window.number(at + 1, 1)) == _MARKER:
        at += 1
    if marker == _END:
        return Segment(marker, start, at + 2, at + 2)
    if marker < _FIRST_SEGMENT or marker == _START:
        raise damaged("it has an unknown part")
    end = at + 2 + window.number(at + 2, 2)
    if end < at + 4 or end > window.size_bytes:
        raise damaged("a part is longer than the file")
    return Segment(marker, start, at + 4, end)


def _read_scans(window: Window, scan: Segment) -> Iterator[Segment]:
    """Read the segments after the first scan's header to the end mark, which is the last one."""
    segment = scan
    while segment.marker != _END:
        at = _find_marker(window, segment.end) if segment.marker == _SCAN else segment.end
        segment = _read_segment(window, at)
        yield segment


def _find_marker(window: Window, at: int) -> int:
    found = window.find(_MARKER_IN_SCAN, at)
    if found < 0:
        raise damaged("the picture has no end")
    return found


def _is_application(segment: Segment) -> bool:
    return _APP0 <= segment.marker <= _APP15 or segment.marker == _COMMENT


def _change_head(window: Window, head: list[Segment], packet: Packet) -> Iterable[Splice]:
    traits = PLAIN
    insert_at = head[0].start
    for segment in filter(_is_application, head):
        payload = window.read(segment.body, segment.end - segment.body)
        kept = _keep(segment.marker, payload)
        if kept != payload:
            content = _write_segment(segment.marker, kept) if kept else b""
            yield Splice(segment.start, segment.end, content)
        if segment is head[0] and kept.startswith(_JFIF):
            insert_at = segment.end
        if segment.marker == _APP1 and payload.startswith(PREFIX) and traits == PLAIN:
            traits = read_traits(payload)
    yield Splice(insert_at, insert_at, _write_packet(packet, traits))


def _keep(marker: int, payload: bytes) -> bytes:
    """Say what stays of a segment: of JFIF and Adobe the fields that decoders read."""
    if marker == _APP0 and payload.startswith(_JFIF) and len(payload) >= _JFIF_BYTES:
        return payload[: _JFIF_BYTES - 2] + b"\x00\x00"  # It may hold a thumbnail: of 0 × 0 now.
    if marker == _APP2 and payload.startswith(_ICC):
        return payload
    if marker == _APP14 and payload.startswith(_ADOBE):
        return payload[:_ADOBE_BYTES]
    return b""


def _write_packet(packet: Packet, traits: Traits) -> bytes:
    """Write EXIF before XMP: readers look for EXIF first of all (CIPA DC-008 section 4.5.4)."""
    exif = write_exif(packet, traits)
    written = _write_segment(_APP1, PREFIX + exif) if exif else b""
    return written + (b"" if packet.is_empty else _write_segment(_APP1, _XMP + write_xmp(packet)))


def _write_segment(marker: int, payload: bytes) -> bytes:
    return bytes((_MARKER, marker)) + (len(payload) + 2).to_bytes(2) + payload
