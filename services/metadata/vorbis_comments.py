"""Vorbis comments, the notes of FLAC, Opus and Vorbis (Vorbis I specification, section 5)."""

from services.metadata.packet import Packet


def write_comments(packet: Packet) -> bytes:
    """Write the packet as comments, without a vendor and without the framing bit of Vorbis."""
    fields = {
        "TITLE": packet.title,
        "ARTIST": packet.creator,
        "COPYRIGHT": packet.copyright,
        "DESCRIPTION": packet.description,
        "KEYWORDS": ", ".join(packet.keywords),
    }
    comments = [f"{name}={text}".encode() for name, text in fields.items() if text]
    count = len(comments).to_bytes(4, "little")
    return bytes(4) + count + b"".join(len(one).to_bytes(4, "little") + one for one in comments)
