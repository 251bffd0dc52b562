"""Notes of MP4 and M4A in the form that Apple's iTunes began and all players read."""

from services.metadata.boxes import write_box, write_full_box
from services.metadata.packet import Packet

_UTF8 = 1


def write_user_data(packet: Packet) -> bytes:
    """Write a `udta` box with the packet; nothing for an empty one."""
    fields = {
        b"\xa9nam": packet.title,
        b"\xa9ART": packet.creator,
        b"cprt": packet.copyright,
        b"desc": packet.description,
        b"keyw": ", ".join(packet.keywords),
    }
    items = [_write_item(name, text) for name, text in fields.items() if text]
    if not items:
        return b""
    handler = bytes(4) + b"mdirappl" + bytes(8) + b"\x00"
    notes = write_box(b"ilst", *items)
    return write_box(
        b"udta", write_full_box(b"meta", 0, 0, write_full_box(b"hdlr", 0, 0, handler), notes)
    )


def _write_item(name: bytes, text: str) -> bytes:
    data = write_box(b"data", _UTF8.to_bytes(4), bytes(4), text.encode())
    return write_box(name, data)
