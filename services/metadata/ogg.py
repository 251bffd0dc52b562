"""Metadata of Opus and Vorbis in Ogg (RFC 3533, RFC 7845 section 5.2, Vorbis I section 5).

The pages of a stream are numbered, so that notes of another length would change all that follow.
Here they take exactly as many pages as before: only these are written anew.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from services.metadata.packet import Packet
from services.metadata.splices import MetadataUnsupported, Splice, order_splices
from services.metadata.vorbis_comments import write_comments
from services.metadata.window import Window, check_start, damaged

_HEAD_BYTES = 27
_SEGMENT_BYTES, _MOST_SEGMENTS = 255, 255
_CONTINUES, _BEGINS = 1, 2
_CRC_AT, _CRC_BYTES, _CRC_POLYNOMIAL = 22, 4, 0x04C1_1DB7
_LARGEST_NOTES = 16 << 20
_UNFINISHED = b"\xff" * 8
_OPUS, _VORBIS = (b"OpusHead", b"OpusTags"), (b"\x01vorbis", b"\x03vorbis")


@dataclass(frozen=True)
class Page:
    """A page: its head at `start`, its segments from `body` to before `end`."""

    start: int
    body: int
    end: int
    flags: int
    serial: bytes
    lacing: bytes


def embed(window: Window, packet: Packet) -> tuple[Splice, ...]:
    """Put a packet in the place of a stream's notes; nothing behind them is read."""
    _, splice = _change_notes(window, packet)
    return order_splices([splice])


def rewrite(window: Window, packet: Packet) -> tuple[Splice, ...]:
    """Put a packet in the place of the notes of the one stream of a file."""
    pages, splice = _change_notes(window, packet)
    serial, at = pages[0].serial, pages[-1].end
    while at < window.size_bytes:
        page = _read_page(window, at)
        if page.serial != serial or page.flags & _BEGINS:
            raise MetadataUnsupported("This file has more than one stream, each with its notes")
        at = page.end
    return order_splices([splice])


def _change_notes(window: Window, packet: Packet) -> tuple[list[Page], Splice]:
    check_start(window, b"OggS", "Ogg")
    first = _read_page(window, 0)
    start = window.read(first.body, min(8, first.end - first.body))
    kind = next((one for one in (_OPUS, _VORBIS) if start.startswith(one[0])), None)
    if kind is None:
        raise MetadataUnsupported("Of Ogg only Opus and Vorbis can be changed without a copy")
    pages, packets = _read_headers(window, first, 1 if kind is _OPUS else 2)
    if not packets[0].startswith(kind[1]):
        raise damaged("it has no notes")
    end_mark = b"" if kind is _OPUS else b"\x01"
    packets[0] = kind[1] + write_comments(packet) + end_mark
    written = b"".join(_write_pages(packets, len(pages), first.serial))
    return [first, *pages], Splice(pages[0].start, pages[-1].end, written)


def _read_page(window: Window, at: int) -> Page:
    head = window.read(at, _HEAD_BYTES)
    if head[:5] != b"OggS\x00":
        raise damaged("it has bytes between its pages")
    body = at + _HEAD_BYTES + head[26]
    lacing = window.read(at + _HEAD_BYTES, head[26])
    page = Page(at, body, body + sum(lacing), head[5], head[14:18], lacing)
    if page.end > window.size_bytes:
        raise damaged("it ends too early")
    return page


def _read_headers(window: Window, first: Page, count: int) -> tuple[list[Page], list[bytes]]:
    """Read the packets behind the first one, which end with a page (RFC 7845 section 3)."""
    pages: list[Page] = []
    packets = [bytearray()]
    while len(packets) <= count:
        page = _read_page(window, pages[-1].end if pages else first.end)
        pages.append(page)
        content, at = window.read(page.body, page.end - page.body), 0
        for length in page.lacing:
            packets[-1] += content[at : at + length]
            at += length
            if length < _SEGMENT_BYTES:
                packets.append(bytearray())
        if page.serial != first.serial or page.end - first.end > _LARGEST_NOTES:
            raise MetadataUnsupported("This file has more than one stream, or very long notes")
    if len(packets) != count + 1 or packets[-1] or pages[-1].lacing[-1:] == b"\xff":
        raise damaged("its notes do not end with a page")
    return pages, [bytes(packet) for packet in packets[:-1]]


def _write_pages(packets: list[bytes], count: int, serial: bytes) -> Iterator[bytes]:
    """Write packets on exactly `count` pages, numbered from 1."""
    missing = count - sum(len(packet) // _SEGMENT_BYTES + 1 for packet in packets)
    padding = bytes(_SEGMENT_BYTES * max(0, missing))  # Readers ignore zeros behind the notes.
    packets = [packets[0] + padding, *packets[1:]]
    segments = [one for packet in packets for one in _divide(packet)]
    if len(segments) > count * _MOST_SEGMENTS:
        raise MetadataUnsupported("The place that this file has for notes is too small")
    continues = 0
    for number in range(count):
        first, after = (len(segments) * n // count for n in (number, number + 1))
        page = segments[first:after]
        yield _write_page(page, continues, serial, number + 1)
        continues = _CONTINUES if len(page[-1]) == _SEGMENT_BYTES else 0


def _divide(packet: bytes) -> list[bytes]:
    """Divide a packet into segments, of which the last is shorter than the others."""
    return [packet[at : at + _SEGMENT_BYTES] for at in range(0, len(packet) + 1, _SEGMENT_BYTES)]


def _write_page(segments: Sequence[bytes], flags: int, serial: bytes, number: int) -> bytes:
    ends = any(len(one) < _SEGMENT_BYTES for one in segments)
    head = b"OggS\x00" + bytes((flags,)) + (bytes(8) if ends else _UNFINISHED) + serial
    lacing = bytes((len(segments), *map(len, segments)))
    page = head + number.to_bytes(4, "little") + bytes(_CRC_BYTES) + lacing + b"".join(segments)
    crc32 = _sum_up(page).to_bytes(_CRC_BYTES, "little")
    return page[:_CRC_AT] + crc32 + page[_CRC_AT + _CRC_BYTES :]


def _sum_up(page: bytes) -> int:
    """Make the checksum of a page: its bits are not reflected, unlike those of other formats."""
    table, crc32 = _crc_table(), 0
    for byte in page:
        crc32 = (crc32 << 8 & 0xFFFF_FFFF) ^ table[crc32 >> 24 ^ byte]
    return crc32


@cache
def _crc_table() -> tuple[int, ...]:
    return tuple(_crc_of(byte) for byte in range(256))


def _crc_of(byte: int) -> int:
    crc32 = byte << 24
    for _ in range(8):
        carry = _CRC_POLYNOMIAL if crc32 >> 31 else 0
        crc32 = (crc32 << 1 & 0xFFFF_FFFF) ^ carry
    return crc32
