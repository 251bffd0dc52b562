"""What a download may say of itself, and the two forms in which pictures carry it: XMP and EXIF."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from xml.sax.saxutils import escape

from services.formats.recipes import NO_METADATA
from services.metadata.ifd import ASCII, LONG, SHORT, Entry, Layout, write_ifd
from services.metadata.traits import EXIF_IFD, INTEROPERABILITY_IFD, PLAIN, Traits

# Together, and with every character escaped, they fit into one segment of a JPEG (65,502 bytes).
_LONGEST_TEXT = 1_000
_LONGEST_DESCRIPTION = 4_000
_MOST_KEYWORD_CHARACTERS = 4_000
_LI_CHARACTERS = 4
_LAST_CONTROL = 0x1F
_NOT_IN_XML = {*range(0x7F, 0xA0), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF}
_EXIF = Layout("big", is_big=False)
_EXIF_HEADER = b"MM\x00\x2a\x00\x00\x00\x08"

_XMP_HEAD = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n'
    '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:xmpRights="http://ns.adobe.com/xap/1.0/rights/">\n'
)
_XMP_TAIL = '</rdf:Description>\n</rdf:RDF>\n</x:xmpmeta>\n<?xpacket end="r"?>'


@dataclass(frozen=True)
class Packet:
    """The metadata that goes into the bytes of a download; every field may be empty.

    Texts are cleaned when a packet is made: no characters that XML 1.0 cannot hold, single lines
    but for the description, at most 1,000 characters (the description 4,000, all keywords 4,000).
    """

    copyright: str = ""
    creator: str = ""
    title: str = ""
    description: str = ""
    keywords: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("copyright", "creator", "title"):
            object.__setattr__(self, name, _clean_line(getattr(self, name)))
        description = _clean(self.description, _LONGEST_DESCRIPTION)
        object.__setattr__(self, "description", description)
        object.__setattr__(self, "keywords", tuple(_clean_keywords(self.keywords)))

    @classmethod
    def minimum(cls, notice: str) -> "Packet":
        """Make the packet of minimum visibility: nothing but the copyright notice."""
        return cls(copyright=notice)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to say."""
        return self == Packet()

    def digest(self) -> bytes:
        """Sum up the packet in 32 bytes; those of no metadata at all if it is empty."""
        if self.is_empty:
            return NO_METADATA
        text = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(b"packet/1\n" + text.encode()).digest()


def write_xmp(packet: Packet) -> bytes:
    """Write a serialised XMP packet (ISO 16684-1), always the same for the same fields.

    It is marked read-only and has no padding: nobody edits a download in place. It names neither
    a tool nor a time.
    """
    fields = [
        _write_text("rights", packet.copyright),
        "<xmpRights:Marked>True</xmpRights:Marked>\n" if packet.copyright else "",
        _write_list("creator", "Seq", [packet.creator] if packet.creator else []),
        _write_text("title", packet.title),
        _write_text("description", packet.description),
        _write_list("subject", "Bag", packet.keywords),
    ]
    return "".join([_XMP_HEAD, *fields, _XMP_TAIL]).encode()


def write_exif(packet: Packet, traits: Traits = PLAIN) -> bytes:
    """Write EXIF in its TIFF form (CIPA DC-008), without any prefix; nothing if all is default.

    Only ImageDescription (270), Orientation (274), Artist (315) and Copyright (33432), and of a
    picture in Adobe RGB the two tags that say so. Texts are UTF-8, as readers take them.
    """
    entries = describe_in_tiff(packet)
    if traits.orientation != 1:
        entries.append(Entry(274, SHORT, 1, traits.orientation.to_bytes(2)))
    if not traits.is_adobe_rgb:
        return _EXIF_HEADER + write_ifd(_EXIF, entries, 8, 0) if entries else b""
    return _write_adobe_rgb(entries)


def describe_in_tiff(packet: Packet) -> list[Entry]:
    """Write the fields that TIFF 6.0 has tags for as entries."""
    fields = {270: packet.description, 315: packet.creator, 33432: packet.copyright}
    texts = {tag: text.encode() + b"\x00" for tag, text in fields.items() if text}
    return [Entry(tag, ASCII, len(text), text) for tag, text in texts.items()]


def _write_adobe_rgb(entries: list[Entry]) -> bytes:
    """Write EXIF that says Adobe RGB in the way of DCF 2.0: uncalibrated, interoperable as R03."""
    marks = [Entry(1, ASCII, 4, b"R03\x00")]
    colour = Entry(40961, SHORT, 1, b"\xff\xff")
    at = len(write_ifd(_EXIF, [*entries, _point(EXIF_IFD, 0)], 8, 0)) + 8
    inner_size = len(write_ifd(_EXIF, [colour, _point(INTEROPERABILITY_IFD, 0)], at, 0))
    return (
        _EXIF_HEADER
        + write_ifd(_EXIF, [*entries, _point(EXIF_IFD, at)], 8, 0)
        + write_ifd(_EXIF, [colour, _point(INTEROPERABILITY_IFD, at + inner_size)], at, 0)
        + write_ifd(_EXIF, marks, at + inner_size, 0)
    )


def _point(tag: int, at: int) -> Entry:
    return Entry(tag, LONG, 1, at.to_bytes(4))


def _write_text(name: str, text: str) -> str:
    if not text:
        return ""
    item = f'<rdf:li xml:lang="x-default">{escape(text)}</rdf:li>'
    return f"<dc:{name}><rdf:Alt>{item}</rdf:Alt></dc:{name}>\n"


def _write_list(name: str, kind: str, texts: Iterable[str]) -> str:
    items = "".join(f"<rdf:li>{escape(text)}</rdf:li>" for text in texts)
    return f"<dc:{name}><rdf:{kind}>{items}</rdf:{kind}></dc:{name}>\n" if items else ""


def _clean(text: str, longest: int) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return "".join(filter(_may_stand, text)).strip()[:longest].strip()


def _may_stand(character: str) -> bool:
    code = ord(character)
    return character == "\n" or (code > _LAST_CONTROL and code not in _NOT_IN_XML)


def _clean_line(text: str) -> str:
    return " ".join(_clean(text, _LONGEST_TEXT).split("\n"))


def _clean_keywords(keywords: Iterable[str]) -> Iterable[str]:
    left = _MOST_KEYWORD_CHARACTERS
    for keyword in dict.fromkeys(map(_clean_line, keywords)):
        left -= len(keyword) + _LI_CHARACTERS
        if keyword and left >= 0:
            yield keyword
