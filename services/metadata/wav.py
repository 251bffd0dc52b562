"""Metadata of WAV: the INFO list of RIFF, and the chunks of all who came after."""

from services.metadata.packet import Packet
from services.metadata.riff import drop_chunk, finish, read_riff, write_chunk
from services.metadata.splices import Splice
from services.metadata.window import Window, damaged

#: Format, length of coded sound, and the sound.
_KEPT = (b"fmt ", b"fact", b"data")
_UTF8 = 65_001


def rewrite(window: Window, packet: Packet) -> tuple[Splice, ...]:
    """Keep only the sound, and put a packet in behind it."""
    chunks, end = read_riff(window, b"WAVE")
    kept = [chunk for chunk in chunks if chunk.name in _KEPT]
    if not {b"fmt ", b"data"} <= {chunk.name for chunk in kept}:
        raise damaged("it has no sound")
    splices = [drop_chunk(chunk, end) for chunk in chunks if chunk.name not in _KEPT]
    return finish(window, end, kept[-1], splices, _write_info(packet))


def _write_info(packet: Packet) -> bytes:
    """Write the INFO list; a CSET chunk before it says that it is UTF-8, where that matters."""
    keywords = ", ".join(packet.keywords)
    fields = {
        b"IART": packet.creator,
        b"ICMT": packet.description,
        b"ICOP": packet.copyright,
        b"IKEY": keywords,
        b"INAM": packet.title,
    }
    items = [write_chunk(name, text.encode() + b"\x00") for name, text in fields.items() if text]
    if not items:
        return b""
    is_plain = all(text.isascii() for text in fields.values())
    charset = write_chunk(b"CSET", _UTF8.to_bytes(2, "little") + bytes(6))
    return (b"" if is_plain else charset) + write_chunk(b"LIST", b"INFO" + b"".join(items))
