"""The items of a HEIF or AVIF picture (ISO/IEC 23008-12, and ISO/IEC 14496-12 section 8.11).

Only what a picture is made of is understood: items, where they lie, what they refer to, and their
properties.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from services.metadata.boxes import Box, find_box, read_boxes
from services.metadata.splices import MetadataUnsupported
from services.metadata.window import Fields, Window, damaged

#: Where an item's bytes are: in the file, or in the box `idat`.
IN_FILE, IN_IDAT = 0, 1
_META_HEAD_BYTES = 4
_WIDE_VERSION = 2


@dataclass(frozen=True)
class Item:
    """A coded, derived or metadata item; `kind` is its four letters."""

    id: int
    kind: bytes
    is_hidden: bool


@dataclass(frozen=True)
class Location:
    """Where an item lies: (offset, bytes) of each extent, by the method of its construction."""

    method: int
    extents: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Reference:
    """An item's reference to others, by its four letters."""

    kind: bytes
    source: int
    targets: tuple[int, ...]


@dataclass(frozen=True)
class Meta:
    """All of a `meta` box; `associations` are (number from 1, is essential) by item."""

    primary: int
    items: dict[int, Item]
    locations: dict[int, Location]
    references: tuple[Reference, ...]
    properties: tuple[tuple[bytes, bytes], ...]
    associations: dict[int, tuple[tuple[int, bool], ...]]
    idat: bytes


def read_meta(window: Window, meta: Box) -> Meta:
    """Read a `meta` box.

    Raises:
        MetadataUnsupported: it is damaged, or protected, or of an unknown version.
    """
    held = Window.over(window.read(meta.body, meta.end - meta.body))
    whole = Box(meta.kind, 0, _META_HEAD_BYTES, held.size_bytes)
    boxes = {box.kind: box for box in read_boxes(held, whole.body, whole.end)}
    if b"ipro" in boxes:
        raise MetadataUnsupported("This picture is protected")
    properties = find_box(held, whole, b"iprp")
    idat, references = boxes.get(b"idat"), boxes.get(b"iref")
    return Meta(
        primary=_read_primary(held, find_box(held, whole, b"pitm")),
        items={item.id: item for item in _read_items(held, find_box(held, whole, b"iinf"))},
        locations=dict(_read_locations(held, find_box(held, whole, b"iloc"))),
        references=tuple(_read_references(held, references)) if references else (),
        properties=tuple(_read_properties(held, find_box(held, properties, b"ipco"))),
        associations=_read_associations(held, properties),
        idat=held.read(idat.body, idat.end - idat.body) if idat else b"",
    )


def _read_primary(window: Window, box: Box) -> int:
    fields = Fields(window, box.body)
    version = fields.number(4) >> 24
    return fields.number(4 if version else 2)


def _read_items(window: Window, box: Box) -> Iterator[Item]:
    wide = window.number(box.body, 1)
    for entry in read_boxes(window, box.body + (8 if wide else 6), box.end):
        fields = Fields(window, entry.body)
        version, flags = fields.number(1), fields.number(3)
        if entry.kind != b"infe" or version not in {2, 3}:
            raise MetadataUnsupported("This picture is of an old kind of HEIF")
        number = fields.number(version * 2 - 2)
        if fields.number(2):
            raise MetadataUnsupported("This picture is protected")
        yield Item(number, fields.read(4), bool(flags & 1))


def _read_locations(window: Window, box: Box) -> Iterator[tuple[int, Location]]:
    fields = Fields(window, box.body)
    version = fields.number(4) >> 24
    widths = f"{fields.number(2):04x}"
    offset_bytes, length_bytes, base_bytes, index_bytes = (int(one, 16) for one in widths)
    id_bytes = 4 if version == _WIDE_VERSION else 2
    for _ in range(fields.number(id_bytes)):
        number = fields.number(id_bytes)
        method = fields.number(2) & 0xF if version else IN_FILE
        if fields.number(2):
            raise MetadataUnsupported("Parts of this picture lie in another file")
        base = fields.number(base_bytes)
        extents = []
        for _ in range(fields.number(2)):
            fields.number(index_bytes if version else 0)
            extents.append((base + fields.number(offset_bytes), fields.number(length_bytes)))
        yield number, Location(method, tuple(extents))


def _read_references(window: Window, box: Box) -> Iterator[Reference]:
    fields = Fields(window, box.body)
    id_bytes = 4 if fields.number(4) >> 24 else 2
    for one in read_boxes(window, fields.at, box.end):
        inner = Fields(window, one.body)
        source = inner.number(id_bytes)
        targets = tuple(inner.number(id_bytes) for _ in range(inner.number(2)))
        yield Reference(one.kind, source, targets)


def _read_properties(window: Window, box: Box) -> Iterator[tuple[bytes, bytes]]:
    for one in read_boxes(window, box.body, box.end):
        yield one.kind, window.read(one.body, one.end - one.body)


def _read_associations(window: Window, parent: Box) -> dict[int, tuple[tuple[int, bool], ...]]:
    found: dict[int, tuple[tuple[int, bool], ...]] = {}
    for box in read_boxes(window, parent.body, parent.end):
        if box.kind == b"ipma":
            found |= dict(_read_association_box(window, box))
    if not found:
        raise damaged("its picture has no size")
    return found


def _read_association_box(
    window: Window, box: Box
) -> Iterator[tuple[int, tuple[tuple[int, bool], ...]]]:
    fields = Fields(window, box.body)
    version, flags = fields.number(1), fields.number(3)
    index_bits = 15 if flags & 1 else 7
    for _ in range(fields.number(4)):
        number = fields.number(4 if version else 2)
        words = [fields.number(index_bits // 7) for _ in range(fields.number(1))]
        yield number, tuple((one & (1 << index_bits) - 1, bool(one >> index_bits)) for one in words)
