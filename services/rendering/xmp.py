"""Read the few XMP properties that are shown, out of a packet that may be hostile.

The packet is read as a stream, with no tree in memory; a document type, and with it every entity,
ends the reading. What stands before an error counts, so that a packet may be cut.
"""

from collections.abc import Mapping
from xml.parsers import expat

_LONGEST_BYTES = 65_536
_LONGEST_TEXT = 8000
_MOST_ITEMS = 20
_SEPARATOR = " "
_DC = "http://purl.org/dc/elements/1.1/"
_ITEM = "http://www.w3.org/1999/02/22-rdf-syntax-ns# li"
_DESCRIPTION = "http://www.w3.org/1999/02/22-rdf-syntax-ns# Description"
_LANGUAGE = "http://www.w3.org/XML/1998/namespace lang"
#: Our short names of the properties (Dublin Core; Google's Photo Sphere XMP Metadata).
_PROPERTIES = {
    f"{_DC} rights": "rights",
    f"{_DC} creator": "creator",
    f"{_DC} title": "title",
    f"{_DC} description": "description",
    "http://ns.google.com/photos/1.0/panorama/ ProjectionType": "projection",
}
_LISTS = frozenset({"creator"})
#: How the first character of a packet looks in the encodings that XMP allows (XMP part 1, 7.3).
_ENCODINGS = (
    (b"\xfe\xff", "utf-16-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
    (b"<\x00", "utf-16-le"),
)


def read_xmp(packet: bytes) -> dict[str, str]:
    """Read rights, creator, title, description and projection; what is not there is left out.

    Only the first 64 KiB are read. Of texts in several languages the default one is taken, several
    creators are put together.
    """
    start = packet[:2]
    encoding = next((name for mark, name in _ENCODINGS if start == mark), "utf-8")
    text = packet[:_LONGEST_BYTES].decode(encoding, "replace").lstrip("\ufeff \t\r\n")
    reader = _Reader()
    try:
        reader.feed(text.encode())
    except expat.ExpatError:
        return reader.found
    except _DoctypeRefused:
        return {}
    return reader.found


class _DoctypeRefused(Exception):
    pass


class _Reader:
    def __init__(self) -> None:
        self.found: dict[str, str] = {}
        self._property = ""
        self._items: list[str] = []
        self._text = ""
        self._is_default = False
        # The encoding is ours: what the packet says of its own counts for nothing.
        self._parser = expat.ParserCreate("utf-8", _SEPARATOR)
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._add

    def feed(self, data: bytes) -> None:
        self._parser.Parse(data, True)

    def _refuse(self, *_: object) -> None:
        raise _DoctypeRefused

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._text = ""
        if name in _PROPERTIES:
            self._property, self._items = _PROPERTIES[name], []
        elif name == _ITEM:
            self._is_default = attributes.get(_LANGUAGE) == "x-default"
        elif name == _DESCRIPTION:
            for key in attributes.keys() & _PROPERTIES.keys():
                self.found.setdefault(_PROPERTIES[key], attributes[key])

    def _add(self, text: str) -> None:
        if self._property and len(self._text) < _LONGEST_TEXT:
            self._text += text

    def _end(self, name: str) -> None:
        if name == _ITEM and self._property and len(self._items) < _MOST_ITEMS:
            self._items.insert(0 if self._is_default else len(self._items), self._text.strip())
            self._text = ""
        elif _PROPERTIES.get(name) == self._property:
            self._keep()

    def _keep(self) -> None:
        items = [item for item in self._items if item] or [self._text.strip()]
        value = ", ".join(items) if self._property in _LISTS else items[0]
        if value:
            self.found.setdefault(self._property, value)
        self._property = ""
