"""Metadata of GIF (GIF89a specification, CompuServe 1990; XMP in ISO 16684-3)."""

from collections.abc import Iterator
from dataclasses import dataclass

from services.metadata.packet import Packet, write_xmp
from services.metadata.splices import MetadataUnsupported, Splice, order_splices
from services.metadata.window import Window, check_start, damaged

_HEADER_BYTES = 13
_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_CONTROL, _COMMENT, _PLAIN_TEXT, _APPLICATION = 0xF9, 0xFE, 0x01, 0xFF
_LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
_LOOP_BYTES = 19
_PROFILE = b"ICCRGBG1012"
#: Readers that skip sub-blocks by their length land on its end wherever they are in the packet.
_XMP_TRAILER = b"\x01" + bytes(range(0xFF, -1, -1)) + b"\x00"


@dataclass(frozen=True)
class Block:
    """An extension, an image or the trailer; `name` is that of an application extension."""

    kind: int
    label: int
    name: bytes
    start: int
    end: int


def rewrite(window: Window, packet: Packet) -> tuple[Splice, ...]:
    """Keep only frames, their timing, loops and profile, and put a packet in before the trailer."""
    check_start(window, b"GIF8", "GIF")
    splices = []
    for block in _read_blocks(window):
        if block.kind == _TRAILER:
            added = b"" if packet.is_empty else _write_xmp(packet)
            splices += [Splice(block.start, block.start, added)]
            splices += [Splice(block.end, window.size_bytes)]
        elif block.kind == _EXTENSION:
            splices += _change_extension(window, block)
    version = [] if packet.is_empty else [Splice(3, 6, b"89a")]
    return order_splices([*version, *splices])


def _read_blocks(window: Window) -> Iterator[Block]:
    at = _HEADER_BYTES + _table_bytes(window.number(10, 1))
    while True:
        block = _read_block(window, at)
        yield block
        if block.kind == _TRAILER:
            return
        at = block.end


def _read_block(window: Window, at: int) -> Block:
    kind = window.number(at, 1)
    if kind == _TRAILER:
        return Block(kind, 0, b"", at, at + 1)
    if kind == _IMAGE:
        data_at = at + 11 + _table_bytes(window.number(at + 9, 1))
        return Block(kind, 0, b"", at, _skip_sub_blocks(window, data_at))
    if kind != _EXTENSION:
        raise damaged("it has an unknown part")
    label, length = window.read(at + 1, 2)
    name = window.read(at + 3, length) if label == _APPLICATION else b""
    return Block(kind, label, name, at, _skip_sub_blocks(window, at + 2))


def _table_bytes(flags: int) -> int:
    """Say how long the colour table is that these flags announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _skip_sub_blocks(window: Window, at: int) -> int:
    while length := window.number(at, 1):
        at += 1 + length
    return at + 1


def _change_extension(window: Window, block: Block) -> list[Splice]:
    if block.label == _PLAIN_TEXT:
        raise MetadataUnsupported("This GIF file has texts that would be drawn over its picture")
    if block.name in _LOOPS:
        return _shorten_loop(window, block)
    if block.label == _CONTROL or block.name == _PROFILE:
        return []
    return [Splice(block.start, block.end)]


def _shorten_loop(window: Window, block: Block) -> list[Splice]:
    """Keep how often it loops, and nothing that stands behind that."""
    content = window.read(block.start, block.end - block.start)
    if len(content) < _LOOP_BYTES or content[14:16] != b"\x03\x01":
        return [Splice(block.start, block.end)]
    end = block.start + _LOOP_BYTES
    return [Splice(end - 1, block.end, b"\x00")] if block.end > end else []


def _write_xmp(packet: Packet) -> bytes:
    return b"\x21\xff\x0bXMP DataXMP" + write_xmp(packet) + _XMP_TRAILER
