"""Metadata of WebP (RFC 9649): EXIF and XMP chunks behind the picture, announced in VP8X."""

from collections.abc import Iterator
from dataclasses import dataclass

from services.metadata.packet import Packet, write_exif, write_xmp
from services.metadata.riff import (
    HEAD_BYTES,
    Chunk,
    drop_chunk,
    finish,
    read_chunks,
    read_riff,
    write_chunk,
)
from services.metadata.splices import Splice
from services.metadata.traits import read_traits
from services.metadata.window import Window, damaged

_PICTURE = frozenset({b"VP8 ", b"VP8L", b"ALPH"})
_KEPT = _PICTURE | {b"VP8X", b"ICCP", b"ANIM", b"ANMF"}
_VP8X_BYTES = 10
_ANIMATION, _XMP, _EXIF, _ALPHA, _PROFILE = 0x02, 0x04, 0x08, 0x10, 0x20
_KEPT_FLAGS = _ANIMATION | _ALPHA | _PROFILE
_FRAME_HEAD_BYTES = 16
_VP8_START_AT, _VP8_START = 3, b"\x9d\x01\x2a"
_VP8L_START = 0x2F
_LARGEST_EXIF_BYTES = 1 << 20


@dataclass(frozen=True)
class _Canvas:
    """What VP8X says of a picture: flags, and the size in pixels."""

    flags: int
    width: int
    height: int

    def write(self, flags: int) -> bytes:
        edges = (self.width - 1).to_bytes(3, "little") + (self.height - 1).to_bytes(3, "little")
        return bytes((self.flags | flags, 0, 0, 0)) + edges


def rewrite(window: Window, packet: Packet) -> tuple[Splice, ...]:
    """Keep only pictures, profile and orientation, and put a packet in."""
    chunks, end = read_riff(window, b"WEBP")
    kept = [chunk for chunk in chunks if chunk.name in _KEPT]
    if not kept:
        raise damaged("it has no picture")
    exif, added = _write_metadata(window, chunks, packet)
    flags = (_EXIF if exif else 0) | (0 if packet.is_empty else _XMP)
    splices = [drop_chunk(chunk, end) for chunk in chunks if chunk.name not in _KEPT]
    splices += [splice for chunk in kept for splice in _change_frame(window, chunk)]
    splices += _announce(window, kept[0], flags)
    return finish(window, end, kept[-1], splices, exif + added)


def _write_metadata(window: Window, chunks: list[Chunk], packet: Packet) -> tuple[bytes, bytes]:
    found = [chunk for chunk in chunks if chunk.name == b"EXIF"]
    exif = b""
    if found and found[0].end - found[0].body <= _LARGEST_EXIF_BYTES:
        original = window.read(found[0].body, found[0].end - found[0].body)
        exif = write_exif(Packet(), read_traits(original))
    xmp = b"" if packet.is_empty else write_chunk(b"XMP ", write_xmp(packet))
    return write_chunk(b"EXIF", exif) if exif else b"", xmp


def _announce(window: Window, first: Chunk, flags: int) -> list[Splice]:
    """Set the flags of VP8X, which is made where a simple file has none."""
    if first.name == b"VP8X":
        canvas = window.read(first.body, _VP8X_BYTES)
        changed = bytes((canvas[0] & _KEPT_FLAGS | flags, 0, 0, 0))
        return [] if canvas[:4] == changed else [Splice(first.body, first.body + 4, changed)]
    if not flags:
        return []
    head = write_chunk(b"VP8X", _read_canvas(window, first).write(flags))
    return [Splice(HEAD_BYTES, HEAD_BYTES, head)]


def _read_canvas(window: Window, chunk: Chunk) -> _Canvas:
    """Read the size of a simple picture: RFC 6386 section 9.1, RFC 9649 section 3.4."""
    if chunk.name == b"VP8 ":
        head = window.read(chunk.body, 10)
        if head[_VP8_START_AT:6] != _VP8_START:
            raise damaged("its picture does not begin as one")
        edges = (int.from_bytes(head[at : at + 2], "little") & 0x3FFF for at in (6, 8))
        return _make_canvas(0, *edges)
    if chunk.name != b"VP8L" or window.number(chunk.body, 1) != _VP8L_START:
        raise damaged("its picture does not begin as one")
    bits = window.number(chunk.body + 1, 4, "little")
    alpha = _ALPHA if bits >> 28 & 1 else 0
    return _make_canvas(alpha, (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)


def _make_canvas(flags: int, width: int, height: int) -> _Canvas:
    if not (width and height):
        raise damaged("its picture has no size")
    return _Canvas(flags, width, height)


def _change_frame(window: Window, chunk: Chunk) -> Iterator[Splice]:
    """Take unknown chunks out of a frame of an animation."""
    if chunk.name != b"ANMF":
        return
    inner = list(read_chunks(window, chunk.body + _FRAME_HEAD_BYTES, chunk.end))
    dropped = [drop_chunk(one, chunk.end) for one in inner if one.name not in _PICTURE]
    if dropped:
        size_bytes = chunk.end - chunk.body + sum(one.growth_bytes for one in dropped)
        yield Splice(chunk.start + 4, chunk.body, size_bytes.to_bytes(4, "little"))
        yield from dropped
