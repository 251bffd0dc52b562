"""Metadata of HEIC and AVIF (ISO/IEC 23008-12, AV1 Image File Format 1.1).

A picture keeps the items that it is made of: its tiles and its transparency. All others go with
their bytes: EXIF, XMP, thumbnails, depth and gain maps, further pictures. The index is written anew.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from services.metadata.boxes import Box, read_outermost, resize, write_box
from services.metadata.heif_index import INDEX_LIMIT, Index, write_index
from services.metadata.heif_items import IN_FILE, IN_IDAT, Item, Location, Meta, read_meta
from services.metadata.packet import Packet, write_xmp
from services.metadata.ranges import cut_data
from services.metadata.splices import (
    MetadataUnsupported,
    Moves,
    Splice,
    order_splices,
    spliced_size,
)
from services.metadata.window import Window, check_start, damaged

#: Coded with HEVC, AV1, AVC or VVC, or put together from such.
_PICTURES = frozenset({
    *(b"hvc1", b"hev1", b"av01", b"avc1", b"vvc1", b"grid", b"iden", b"iovl"),
})  # fmt: skip
_MADE_OF, _AUXILIARY = b"dimg", b"auxl"
_ALPHA = (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\x00", b"urn:mpeg:hevc:2015:auxid:1\x00")
#: Behind the major brand and its version in `ftyp`; that of a tone-mapped picture goes with its map.
_BRANDS_AT, _BRAND_BYTES, _LOST_BRANDS = 8, 4, frozenset({b"tmap"})
_LARGEST = 0xFFFF_FFFF
_HEAD_BYTES = 8


def rewrite(window: Window, packet: Packet) -> tuple[Splice, ...]:
    """Keep only what the primary picture is made of, and put a packet in."""
    check_start(window, b"ftyp", "HEIF", at=4)
    boxes = read_outermost(window, frozenset({b"meta", b"mdat"}))
    meta_box = _find_meta(boxes)
    meta = read_meta(window, meta_box)
    kept = _find_kept(meta)
    cuts = [*_cut_boxes(window, boxes), *_forget_brands(window, boxes[0])]
    for box, here in cut_data([box for box in boxes if box.kind == b"mdat"], _ranges(meta, kept)):
        cuts += [*here, *resize(window, [box], here)]
    xmp = b"" if packet.is_empty else write_xmp(packet)
    return _finish(window, meta_box, Index(meta, kept, len(xmp)), cuts, xmp)


def _finish(
    window: Window, meta_box: Box, index: Index, cuts: Sequence[Splice], xmp: bytes
) -> tuple[Splice, ...]:
    """Write the index twice: where things are depends on how long it is."""
    draft = write_index(index, lambda _: 0, 0)
    cuts = [*cuts, Splice(meta_box.start, meta_box.end, draft)]
    xmp_at = spliced_size(window.size_bytes, cuts) + _HEAD_BYTES
    if max(window.size_bytes, xmp_at) + len(xmp) > _LARGEST:
        raise MetadataUnsupported("The picture is larger than 4 GB")
    written = write_index(index, Moves(order_splices(cuts)).place, xmp_at)
    added = write_box(b"mdat", xmp) if xmp else b""
    end = window.size_bytes
    return order_splices(
        [*cuts[:-1], Splice(meta_box.start, meta_box.end, written), Splice(end, end, added)]
    )


def _find_meta(boxes: Iterable[Box]) -> Box:
    found = [box for box in boxes if box.kind in {b"meta", b"moov", b"moof"}]
    if len(found) != 1 or found[0].kind != b"meta":
        raise MetadataUnsupported("This is a sequence of pictures, and not one")
    return found[0]


def _find_kept(meta: Meta) -> dict[int, Item]:
    """Find the items that the primary picture is made of, in their order."""
    made_of = {one.source: one.targets for one in meta.references if one.kind == _MADE_OF}
    numbers = _close(made_of, meta.primary)
    for one in meta.references:
        if one.kind == _AUXILIARY and _is_alpha(meta, one.source):
            is_ours = not numbers.isdisjoint(one.targets)
            numbers |= _close(made_of, one.source) if is_ours else set()
    if not numbers <= meta.items.keys() or max(numbers) >= INDEX_LIMIT:
        raise damaged("its picture is not all there")
    kept = {number: item for number, item in meta.items.items() if number in numbers}
    if not {item.kind for item in kept.values()} <= _PICTURES:
        raise MetadataUnsupported("This picture is coded in an unusual way")
    return kept


def _close(made_of: Mapping[int, tuple[int, ...]], number: int) -> set[int]:
    """Add to an item those that it is made of, and those that those are made of."""
    found, new = {number}, {number}
    while new:
        new = {target for one in new for target in made_of.get(one, ())} - found
        found |= new
    return found


def _is_alpha(meta: Meta, number: int) -> bool:
    indexes = (index for index, _ in meta.associations.get(number, ()))
    properties = (meta.properties[index - 1 : index] for index in indexes if index)
    return any(
        kind == b"auxC" and content[4:].startswith(_ALPHA)
        for ((kind, content),) in filter(None, properties)
    )


def _ranges(meta: Meta, kept: Iterable[int]) -> list[tuple[int, int]]:
    """Say where in the file kept items lie, and check those that lie in the index itself."""
    ranges = []
    for number in kept:
        location = meta.locations.get(number, Location(IN_FILE, ()))
        ends = [start + size for start, size in location.extents]
        if location.method not in {IN_FILE, IN_IDAT} or 0 in {s for _, s in location.extents}:
            raise MetadataUnsupported("Parts of this picture lie in an unusual place")
        if location.method == IN_IDAT and max(ends, default=0) > len(meta.idat):
            raise damaged("its picture is not all there")
        if location.method == IN_FILE:
            ranges += [(start, start + size) for start, size in location.extents]
    return ranges


def _forget_brands(window: Window, box: Box) -> list[Splice]:
    """Take out the brand that promises a gain map: readers refuse a picture that breaks it."""
    places = range(box.body + _BRANDS_AT, box.end - 3, _BRAND_BYTES)
    cuts = [Splice(at, at + 4) for at in places if window.read(at, 4) in _LOST_BRANDS]
    return [*cuts, *resize(window, [box], cuts)]


def _cut_boxes(window: Window, boxes: Sequence[Box]) -> Iterator[Splice]:
    """Take out what is neither type, index nor data: free space and boxes of makers."""
    for box in boxes:
        if box.kind not in {b"ftyp", b"meta", b"mdat"}:
            yield Splice(box.start, box.end)
    yield Splice(boxes[-1].end, window.size_bytes)
