"""Metadata of PNG (W3C PNG third edition, RFC 2083; XMP in ISO 16684-3, APNG)."""

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from services.metadata.packet import Packet, write_exif, write_xmp
from services.metadata.splices import MetadataUnsupported, Splice, order_splices
from services.metadata.traits import PLAIN, read_traits
from services.metadata.window import Window, check_start, damaged

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CRITICAL = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})
#: All that shapes pixels, colours and movement.
_KEPT = _CRITICAL | {
    *(b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"mDCV", b"cLLI"),
    *(b"pHYs", b"tRNS", b"bKGD", b"sBIT", b"acTL", b"fcTL", b"fdAT"),
}
_LARGEST_EXIF_BYTES = 1 << 20
#: A keyword, no compression, no language, no translated keyword (third edition, section 11.3.3.4).
_XMP = b"XML:com.adobe.xmp\x00\x00\x00\x00\x00"
_FRAME_BYTES = 12
_IS_ANCILLARY = 0x20


@dataclass(frozen=True)
class Chunk:
    """A chunk with its length field and its checksum: from `start` to before `end`."""

    name: bytes
    start: int
    end: int


def embed(window: Window, packet: Packet) -> tuple[Splice, ...]:
    """Put a packet in the place of what stands before the picture data; no more is read."""
    return _rewrite(window, packet, lambda chunk: chunk.name == b"IDAT")


def rewrite(window: Window, packet: Packet) -> tuple[Splice, ...]:
    """Keep only the picture, its colours and its movement, and put a packet in."""
    return _rewrite(window, packet, lambda chunk: chunk.name == b"IEND")


def _rewrite(
    window: Window, packet: Packet, is_last: Callable[[Chunk], bool]
) -> tuple[Splice, ...]:
    check_start(window, _SIGNATURE, "PNG")
    splices, traits, head_end, chunk = [], PLAIN, 0, None
    for chunk in _read_chunks(window, is_last):
        head_end = head_end or chunk.end
        if chunk.name not in _KEPT:
            splices.append(Splice(chunk.start, chunk.end))
        if chunk.name == b"eXIf" and chunk.end - chunk.start <= _LARGEST_EXIF_BYTES:
            traits = read_traits(window.read(chunk.start, chunk.end - chunk.start)[8:-4])
    if chunk is not None and chunk.name == b"IEND":
        splices.append(Splice(chunk.end, window.size_bytes))
    added = b"".join(_write_chunks(packet, write_exif(Packet(), traits)))
    return order_splices([*splices, Splice(head_end, head_end, added)])


def _read_chunks(window: Window, is_last: Callable[[Chunk], bool]) -> Iterator[Chunk]:
    chunk = _read_chunk(window, len(_SIGNATURE))
    if chunk.name != b"IHDR":
        raise damaged("it does not begin with its header")
    while True:
        yield chunk
        if is_last(chunk):
            return
        if chunk.name == b"IEND":
            raise damaged("it has no picture")
        chunk = _read_chunk(window, chunk.end)


def _read_chunk(window: Window, at: int) -> Chunk:
    head = window.read(at, 8)
    chunk = Chunk(head[4:], at, at + int.from_bytes(head[:4]) + _FRAME_BYTES)
    if chunk.end > window.size_bytes:
        raise damaged("a part is longer than the file")
    if not chunk.name[0] & _IS_ANCILLARY and chunk.name not in _CRITICAL:
        raise MetadataUnsupported("This PNG file has a part without which it cannot be shown")
    return chunk


def _write_chunks(packet: Packet, exif: bytes) -> Iterable[bytes]:
    if exif:
        yield _write_chunk(b"eXIf", exif)
    if not packet.is_empty:
        yield _write_chunk(b"iTXt", _XMP + write_xmp(packet))


def _write_chunk(name: bytes, payload: bytes) -> bytes:
    crc32 = zlib.crc32(name + payload)
    return len(payload).to_bytes(4) + name + payload + crc32.to_bytes(4)
