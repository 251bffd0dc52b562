"""Write the index of a HEIF or AVIF picture: the `meta` box with the kept items and a packet."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from services.metadata.boxes import write_box, write_full_box
from services.metadata.heif_items import IN_FILE, IN_IDAT, Item, Location, Meta
from services.metadata.splices import MetadataUnsupported
from services.metadata.window import damaged

#: Items are numbered in 16 bits; the packet takes the next number.
INDEX_LIMIT = 0xFFFF
_XMP_TYPE = b"application/rdf+xml\x00"
_LAST_PROPERTY = 0x7FFF
_IS_ESSENTIAL = 0x8000
#: Among kept items: what they are made of, what is their transparency, and how that is meant.
_KEPT_REFERENCES = frozenset({b"dimg", b"auxl", b"prem"})
#: All that decoders need: sizes, codecs, colours, geometry, layers, light levels.
_KEPT_PROPERTIES = frozenset({
    *(b"ispe", b"pixi", b"pasp", b"colr", b"irot", b"imir", b"clap", b"auxC", b"rloc", b"lsel"),
    *(b"hvcC", b"lhvC", b"av1C", b"avcC", b"vvcC", b"a1op", b"a1lx", b"oinf", b"tols"),
    *(b"clli", b"mdcv", b"cclv", b"amve", b"ndwt"),
})  # fmt: skip


@dataclass(frozen=True)
class Index:
    """What an index is written of; `xmp_bytes` is 0 where there is no packet."""

    meta: Meta
    kept: dict[int, Item]
    xmp_bytes: int

    @property
    def xmp_id(self) -> int:
        """The number of the packet's item."""
        return max(self.kept) + 1


def write_index(index: Index, place: Callable[[int], int], xmp_at: int) -> bytes:
    """Write a `meta` box whose length does not depend on where things are.

    Args:
        index: what stays.
        place: gives the new offset in the file of an old one.
        xmp_at: the offset of the packet.
    """
    idat, locations = _locate(index, place, xmp_at)
    handler = bytes(4) + b"pict" + bytes(12) + b"\x00"
    return write_full_box(
        b"meta", 0, 0,
        write_full_box(b"hdlr", 0, 0, handler),
        write_full_box(b"pitm", 0, 0, index.meta.primary.to_bytes(2)),
        _write_locations(locations),
        _write_items(index),
        _write_references(index),
        _write_properties(index),
        write_box(b"idat", idat) if idat else b"",
    )  # fmt: skip


def _locate(
    index: Index, place: Callable[[int], int], xmp_at: int
) -> tuple[bytes, dict[int, Location]]:
    """Lay the kept parts of `idat` side by side, and say where each item is now."""
    idat, locations = b"", {}
    for number in index.kept:
        old = index.meta.locations.get(number, Location(IN_FILE, ()))
        extents = []
        for start, size_bytes in old.extents:
            extents.append((len(idat) if old.method == IN_IDAT else place(start), size_bytes))
            idat += index.meta.idat[start : start + size_bytes] if old.method == IN_IDAT else b""
        locations[number] = Location(old.method, tuple(extents))
    if index.xmp_bytes:
        locations[index.xmp_id] = Location(IN_FILE, ((xmp_at, index.xmp_bytes),))
    return idat, locations


def _write_locations(locations: dict[int, Location]) -> bytes:
    """Write `iloc` in its oldest version that can say it (section 8.11.3)."""
    version = int(any(one.method for one in locations.values()))
    items = b"".join(
        number.to_bytes(2)
        + (one.method.to_bytes(2) if version else b"")
        + bytes(2)
        + len(one.extents).to_bytes(2)
        + b"".join(at.to_bytes(4) + size_bytes.to_bytes(4) for at, size_bytes in one.extents)
        for number, one in locations.items()
    )
    return write_full_box(b"iloc", version, 0, b"\x44\x00", len(locations).to_bytes(2), items)


def _write_items(index: Index) -> bytes:
    """Write `iinf` without names of items."""
    entries = [
        write_full_box(b"infe", 2, item.is_hidden, item.id.to_bytes(2), bytes(2), item.kind, b"\0")
        for item in index.kept.values()
    ]
    if index.xmp_bytes:
        number = index.xmp_id.to_bytes(2)
        entries += [write_full_box(b"infe", 2, 0, number, bytes(2), b"mime\0", _XMP_TYPE)]
    return write_full_box(b"iinf", 0, 0, len(entries).to_bytes(2), *entries)


def _write_references(index: Index) -> bytes:
    written = [
        _write_reference(one.kind, one.source, *one.targets)
        for one in index.meta.references
        if one.kind in _KEPT_REFERENCES and {one.source, *one.targets} <= index.kept.keys()
    ]
    if index.xmp_bytes:
        written += [_write_reference(b"cdsc", index.xmp_id, index.meta.primary)]
    return write_full_box(b"iref", 0, 0, *written) if written else b""


def _write_reference(kind: bytes, source: int, *targets: int) -> bytes:
    numbers = b"".join(target.to_bytes(2) for target in targets)
    return write_box(kind, source.to_bytes(2), len(targets).to_bytes(2), numbers)


def _write_properties(index: Index) -> bytes:
    """Write the properties that kept items have, numbered anew."""
    kept = {number: list(_choose_properties(index.meta, number)) for number in index.kept}
    used = sorted({old for pairs in kept.values() for old, _ in pairs})
    numbers = {old: new for new, old in enumerate(used, 1)}
    boxes = [write_box(*index.meta.properties[old - 1]) for old in used]
    entries = b"".join(
        item.to_bytes(2)
        + bytes((len(pairs),))
        + b"".join(
            (numbers[old] | essential * _IS_ESSENTIAL).to_bytes(2) for old, essential in pairs
        )
        for item, pairs in kept.items()
    )
    associations = write_full_box(b"ipma", 0, 1, len(kept).to_bytes(4), entries)
    return write_box(b"iprp", write_box(b"ipco", *boxes), associations)


def _choose_properties(meta: Meta, number: int) -> Iterator[tuple[int, bool]]:
    for old, essential in meta.associations.get(number, ()):
        if old == 0:  # The number of no property (ISO/IEC 23008-12 section 9.3.1).
            continue
        if old > min(len(meta.properties), _LAST_PROPERTY):
            raise damaged("a property of its picture is missing")
        if meta.properties[old - 1][0] in _KEPT_PROPERTIES:
            yield old, essential
        elif essential:
            raise MetadataUnsupported("This picture has a property that nobody may leave out")
