"""Metadata of FLAC (RFC 9639 section 8): blocks before the sound."""

from collections.abc import Iterator
from dataclasses import dataclass

from services.metadata.id3 import find_end, skip_tags
from services.metadata.packet import Packet
from services.metadata.splices import Splice, order_splices
from services.metadata.vorbis_comments import write_comments
from services.metadata.window import Window, check_start, damaged

_STREAM_INFORMATION, _SEEK_TABLE, _COMMENTS = 0, 3, 4
_KEPT = (_STREAM_INFORMATION, _SEEK_TABLE)
_IS_LAST = 0x80
_HEAD_BYTES = 4
_SYNC, _SYNC_MASK = 0xFFF8, 0xFFFE
_MOST_BLOCKS = 4_096


@dataclass(frozen=True)
class _Block:
    kind: int
    start: int
    end: int


def rewrite(window: Window, packet: Packet) -> tuple[Splice, ...]:
    """Keep only the sound and its seek table, and put a packet in."""
    start = skip_tags(window)
    check_start(window, b"fLaC", "FLAC", at=start)
    blocks = _read_blocks(window, start + 4)
    sound_at = blocks[-1].end
    if sound_at + 2 > window.size_bytes or window.number(sound_at, 2) & _SYNC_MASK != _SYNC:
        raise damaged("it has no sound")
    tail = Splice(find_end(window, sound_at), window.size_bytes)
    added = Splice(sound_at, sound_at, _write_block(packet))
    changes = _change_blocks(window, blocks, packet)
    return order_splices([Splice(0, start), *changes, added, tail])


def _change_blocks(window: Window, blocks: list[_Block], packet: Packet) -> Iterator[Splice]:
    """Drop blocks, and let the last one that stays say whether the packet follows."""
    last = [block for block in blocks if block.kind in _KEPT][-1]
    for block in blocks:
        if block.kind not in _KEPT:
            yield Splice(block.start, block.end)
            continue
        mark = _IS_LAST if block is last and packet.is_empty else 0
        if window.number(block.start, 1) != block.kind | mark:
            yield Splice(block.start, block.start + 1, bytes((block.kind | mark,)))


def _read_blocks(window: Window, at: int) -> list[_Block]:
    blocks: list[_Block] = []
    is_last = 0
    while not is_last:
        head = window.read(at, _HEAD_BYTES)
        kind, is_last = head[0] & ~_IS_LAST, head[0] & _IS_LAST
        blocks.append(_Block(kind, at, at + _HEAD_BYTES + int.from_bytes(head[1:])))
        at = blocks[-1].end
        if len(blocks) > _MOST_BLOCKS:
            raise damaged("it has more parts than any sound needs")
    if [block.kind for block in blocks].count(_STREAM_INFORMATION) != 1 or blocks[0].kind:
        raise damaged("it does not say what sound it holds")
    return blocks


def _write_block(packet: Packet) -> bytes:
    if packet.is_empty:
        return b""
    comments = write_comments(packet)
    return bytes((_COMMENTS | _IS_LAST,)) + len(comments).to_bytes(3) + comments
