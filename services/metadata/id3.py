"""Metadata of MP3: ID3v2.4 at its head; and ID3v1, APEv2 and Lyrics3 where others left them.

Sources: id3.org (ID3v2.4.0 structure and frames, Enhanced TAG), APE Tags Specification 2.000,
Lyrics3 2.00, and for XMP in a PRIV frame ISO 16684-3.
"""

from collections.abc import Callable

from services.metadata.packet import Packet, write_xmp
from services.metadata.splices import MetadataUnsupported, Splice, order_splices
from services.metadata.window import Window, damaged

#: Eleven bits begin every frame of sound (ISO/IEC 11172-3 section 2.4.2.3).
_SYNC = 0xFFE0
_HEAD_BYTES = 10
_HAS_FOOTER = 0x10
_ID3V1_BYTES, _ENHANCED_BYTES = 128, 227
_APE, _APE_BYTES = b"APETAGEX", 32
_APE_HAS_HEAD = 0x8000_0000
_LYRICS_SIZE_BYTES, _LYRICS_NAME_BYTES, _LONGEST_OLD_LYRICS = 6, 9, 5_200
_MOST_TAGS = 32
_LONGEST_GAP_BYTES = 64 << 10
_UTF8 = b"\x03"
#: So much some readers want to see behind a long frame before they believe its length.
_PADDING = bytes(_HEAD_BYTES)
_NO_LANGUAGE = b"XXX"


def rewrite(window: Window, packet: Packet) -> tuple[Splice, ...]:
    """Keep only the frames of sound, and put a packet in front of them."""
    start = _skip_zeros(window, skip_tags(window))
    if start + 2 > window.size_bytes or window.number(start, 2) & _SYNC != _SYNC:
        raise MetadataUnsupported("This is no MP3 file")
    end = find_end(window, start)
    tail = Splice(end, window.size_bytes)
    return order_splices([Splice(0, start, _write_tag(packet)), tail])


def skip_tags(window: Window) -> int:
    """Say where the tags at the head of a sound end."""
    at = 0
    for _ in range(_MOST_TAGS):
        length = _tag_bytes(window, at)
        if not length:
            return at
        at += length
    raise damaged("it has more tags than any sound needs")


def find_end(window: Window, start: int) -> int:
    """Say where the tags at the tail of a sound begin."""
    end = window.size_bytes
    for _ in range(_MOST_TAGS):
        length = max(find(window, end) for find in _TAILS)
        if not length:
            return end
        end -= length
        if end < start:
            break
    raise damaged("its tags are longer than it is itself")


def _tag_bytes(window: Window, at: int) -> int:
    if at + _APE_BYTES <= window.size_bytes and window.read(at, len(_APE)) == _APE:
        return _APE_BYTES + window.number(at + 12, 4, "little")
    if at + _HEAD_BYTES > window.size_bytes or window.read(at, 3) != b"ID3":
        return 0
    footer = _HEAD_BYTES if window.number(at + 5, 1) & _HAS_FOOTER else 0
    length = _HEAD_BYTES + _read_syncsafe(window, at + 6) + footer
    if at + length > window.size_bytes:
        raise damaged("its tags are longer than it is itself")
    return length


def _skip_zeros(window: Window, at: int) -> int:
    gap = window.read(at, min(_LONGEST_GAP_BYTES, window.size_bytes - at))
    return at + len(gap) - len(gap.lstrip(b"\x00"))


def _read_syncsafe(window: Window, at: int) -> int:
    number = 0
    for byte in window.read(at, 4):
        number = number << 7 | byte & 0x7F
    return number


def _find_id3v1(window: Window, end: int) -> int:
    if not _stands(window, b"TAG", end - _ID3V1_BYTES):
        return 0
    is_enhanced = _stands(window, b"TAG+", end - _ID3V1_BYTES - _ENHANCED_BYTES)
    return _ID3V1_BYTES + (_ENHANCED_BYTES if is_enhanced else 0)


def _find_ape(window: Window, end: int) -> int:
    at = end - _APE_BYTES
    if not _stands(window, _APE, at):
        return 0
    has_head = window.number(at + 20, 4, "little") & _APE_HAS_HEAD
    return window.number(at + 12, 4, "little") + (_APE_BYTES if has_head else 0)


def _find_lyrics(window: Window, end: int) -> int:
    at = end - _LYRICS_NAME_BYTES
    if _stands(window, b"LYRICSEND", at):
        longest = min(at, _LONGEST_OLD_LYRICS)
        begin = window.read(at - longest, longest).rfind(b"LYRICSBEGIN")
        return longest - begin + _LYRICS_NAME_BYTES if begin >= 0 else 0
    if not _stands(window, b"LYRICS200", at) or at < _LYRICS_SIZE_BYTES:
        return 0
    digits = window.read(at - _LYRICS_SIZE_BYTES, _LYRICS_SIZE_BYTES)
    return int(digits) + _LYRICS_SIZE_BYTES + _LYRICS_NAME_BYTES if digits.isdigit() else 0


def _find_footer(window: Window, end: int) -> int:
    at = end - _HEAD_BYTES
    return _read_syncsafe(window, at + 6) + 2 * _HEAD_BYTES if _stands(window, b"3DI", at) else 0


_TAILS: tuple[Callable[[Window, int], int], ...] = (
    _find_id3v1,
    _find_ape,
    _find_lyrics,
    _find_footer,
)


def _stands(window: Window, sign: bytes, at: int) -> bool:
    return at >= 0 and window.read(at, len(sign)) == sign


def _write_tag(packet: Packet) -> bytes:
    """Write an ID3v2.4 tag; keywords, which ID3 has no frame for, are in the XMP of it."""
    if packet.is_empty:
        return b""
    texts = {b"TIT2": packet.title, b"TPE1": packet.creator, b"TCOP": packet.copyright}
    frames = [_write_frame(name, _UTF8 + text.encode()) for name, text in texts.items() if text]
    if packet.description:
        content = _UTF8 + _NO_LANGUAGE + b"\x00" + packet.description.encode()
        frames.append(_write_frame(b"COMM", content))
    if packet.keywords:
        frames.append(_write_frame(b"PRIV", b"XMP\x00" + write_xmp(packet)))
    content = b"".join(frames) + _PADDING
    return b"ID3\x04\x00\x00" + _write_syncsafe(len(content)) + content


def _write_frame(name: bytes, content: bytes) -> bytes:
    return name + _write_syncsafe(len(content)) + bytes(2) + content


def _write_syncsafe(number: int) -> bytes:
    """Write a number of 28 bits in bytes that no decoder takes for the start of a frame."""
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))
