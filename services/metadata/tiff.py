"""Metadata of TIFF (TIFF 6.0, its 64-bit form, and Adobe's supplements to both).

What stays of a file is the coded picture, and nothing else: new directories with the tags that
decoders need stand at its end. Bytes that no kept tag points to are gone, whatever they were.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from services.metadata.ifd import (
    LONG,
    LONG8,
    Entry,
    Layout,
    read_ifd,
    read_layout,
    write_ifd,
)
from services.metadata.jpeg import is_plain
from services.metadata.packet import Packet, describe_in_tiff, write_xmp
from services.metadata.ranges import keep_only
from services.metadata.splices import (
    MetadataUnsupported,
    Moves,
    Splice,
    order_splices,
    spliced_size,
)
from services.metadata.window import Window, damaged

_KIND, _OLD_KIND, _COMPRESSION, _PHOTOMETRIC = 254, 255, 259, 262
_TABLES, _SUB_DIRECTORIES, _XMP, _RAW = 347, 330, 700, 50706
#: Where the strips or tiles of a picture are, and how long.
_PLACES = ((273, 279), (324, 325))
#: The tags that shape pixels: TIFF 6.0, Adobe's technical notes, and the ICC profile (34675).
_KEPT = frozenset({
    *(_KIND, _OLD_KIND, 256, 257, 258, _COMPRESSION, _PHOTOMETRIC, 263, 264, 265, 266, 273, 274),
    *(277, 278, 279, 280, 281, 282, 283, 284, 286, 287, 290, 291, 292, 293, 296, 297, 301, 317),
    *(318, 319, 320, 321, 322, 323, 324, 325, 326, 327, 328, 332, 333, 334, 336, 338, 339, 340),
    *(341, _TABLES, 529, 530, 531, 532, 34675),
})  # fmt: skip
_JPEG = 7
#: CCITT, LZW, JPEG, deflate, PackBits, LZMA, Zstandard: codes that hold pixels and no more.
_COMPRESSIONS = frozenset({1, 2, 3, 4, 5, _JPEG, 8, 32771, 32773, 32946, 34925, 50000})
#: Grey to CIELab, and the logarithmic ones; that of raw pictures (32803) is not among them.
_PHOTOMETRICS = frozenset({0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 32844, 32845})
_BYTE = 1
_MOST_PAGES = 4_096
_JPEG_HEAD_BYTES = 64 << 10


@dataclass(frozen=True)
class _Page:
    """The kept entries of a picture, and the ranges in which it lies."""

    entries: dict[int, Entry]
    ranges: tuple[tuple[int, int], ...]


def rewrite(window: Window, packet: Packet) -> tuple[Splice, ...]:
    """Keep only pictures that are no reductions of others, and put a packet in."""
    layout, first_at = read_layout(window)
    pages = list(_read_pages(window, layout, first_at))
    head = (0, layout.first_at + layout.word_bytes)
    cut = keep_only([head, *(one for page in pages for one in page.ranges)], window.size_bytes)
    size_bytes = spliced_size(window.size_bytes, cut)
    tail_at = size_bytes + size_bytes % 2
    tail = _write_pages(layout, pages, Moves(cut), tail_at, packet)
    if tail_at + len(tail) >= 1 << 8 * layout.word_bytes:
        raise MetadataUnsupported("The file would be larger than 4 GB, which TIFF cannot say")
    first = Splice(layout.first_at, head[1], layout.pack(tail_at, layout.word_bytes))
    padded = b"\x00" * (size_bytes % 2) + tail
    return order_splices([first, *cut, Splice(window.size_bytes, window.size_bytes, padded)])


def _read_pages(window: Window, layout: Layout, at: int) -> Iterator[_Page]:
    """Read the pages, without reductions: they may show what was cut away from their picture."""
    seen: set[int] = set()
    while at:
        if at in seen or len(seen) == _MOST_PAGES:
            raise damaged("its pages go round in a circle")
        directory = read_ifd(window, layout, at, _KEPT | {_SUB_DIRECTORIES})
        is_reduced = _is_reduced(directory.entries, layout)
        if is_reduced and not seen:
            raise MetadataUnsupported("This is a raw picture: its first page is only a preview")
        if not is_reduced:
            _check(window, layout, directory.entries, directory.tags)
            yield _make_page(window, layout, directory.entries)
        seen.add(at)
        at = directory.next_at


def _is_reduced(entries: dict[int, Entry], layout: Layout) -> bool:
    kinds = _numbers(entries, layout, _KIND)
    return any(kind & 1 for kind in kinds) or _numbers(entries, layout, _OLD_KIND) == [2]


def _check(window: Window, layout: Layout, entries: dict[int, Entry], tags: frozenset[int]) -> None:
    """Refuse what may hold more than pixels: raw pictures, unknown codes, pictures in pictures."""
    if _RAW in tags or not set(_numbers(entries, layout, _PHOTOMETRIC)) <= _PHOTOMETRICS:
        raise MetadataUnsupported("This is a raw picture, and what it says shapes its pixels")
    if not set(_numbers(entries, layout, _COMPRESSION)) <= _COMPRESSIONS:
        raise MetadataUnsupported("The pixels of this TIFF file are coded in an unusual way")
    for at in _numbers(entries, layout, _SUB_DIRECTORIES):
        inner = read_ifd(window, layout, at, {_KIND, _OLD_KIND})
        if not _is_reduced(inner.entries, layout):
            raise MetadataUnsupported("This TIFF file has a second picture inside its first")


def _make_page(window: Window, layout: Layout, entries: dict[int, Entry]) -> _Page:
    kept = {tag: entry for tag, entry in entries.items() if tag in _KEPT}
    ranges = [one for tags in _PLACES for one in _read_ranges(layout, kept, *tags)]
    if not ranges:
        raise damaged("it has a page without a picture")
    if any(start + size_bytes > window.size_bytes for start, size_bytes in ranges):
        raise damaged("its picture is not all there")
    if _numbers(kept, layout, _COMPRESSION) == [_JPEG]:
        _check_strips(window, kept.get(_TABLES), ranges)
    return _Page(kept, tuple((start, start + size_bytes) for start, size_bytes in ranges))


def _read_ranges(
    layout: Layout, entries: dict[int, Entry], starts_tag: int, sizes_tag: int
) -> list[tuple[int, int]]:
    starts = _numbers(entries, layout, starts_tag)
    sizes = _numbers(entries, layout, sizes_tag)
    if len(starts) != len(sizes):
        raise damaged("its picture is in more pieces than it says")
    return [one for one in zip(starts, sizes, strict=True) if one[1]]


def _check_strips(window: Window, tables: Entry | None, ranges: Sequence[tuple[int, int]]) -> None:
    """Make sure that no strip that is a JPEG stream says anything of its own."""
    heads = [window.read(start, min(size, _JPEG_HEAD_BYTES)) for start, size in ranges]
    heads += [tables.value] if tables else []
    if not all(map(is_plain, heads)):
        raise MetadataUnsupported("The JPEG streams in this TIFF file have metadata of their own")


def _write_pages(
    layout: Layout, pages: Sequence[_Page], moves: Moves, at: int, packet: Packet
) -> bytes:
    written = []
    for number, page in enumerate(pages, 1):
        entries = [*page.entries.values(), *(_write_packet(packet) if number == 1 else [])]
        moved = [_move(layout, moves, entry, page.entries) for entry in entries]
        size_bytes = len(write_ifd(layout, moved, at, 0))
        next_at = at + size_bytes if number < len(pages) else 0
        written.append(write_ifd(layout, moved, at, next_at))
        at += size_bytes
    return b"".join(written)


def _write_packet(packet: Packet) -> Iterable[Entry]:
    if packet.is_empty:
        return []
    xmp = write_xmp(packet)
    return [*describe_in_tiff(packet), Entry(_XMP, _BYTE, len(xmp), xmp)]


def _move(layout: Layout, moves: Moves, entry: Entry, entries: dict[int, Entry]) -> Entry:
    """Let offsets point to where the picture is now; those of pieces without bytes are 0."""
    sizes_tag = dict(_PLACES).get(entry.tag)
    if sizes_tag is None:
        return entry
    kind = LONG8 if layout.is_big else LONG
    pieces = zip(entry.numbers(layout.order), _numbers(entries, layout, sizes_tag), strict=True)
    places = [moves.place(start) if size else 0 for start, size in pieces]
    value = b"".join(layout.pack(place, layout.word_bytes) for place in places)
    return replace(entry, type=kind, value=value)


def _numbers(entries: dict[int, Entry], layout: Layout, tag: int) -> list[int]:
    entry = entries.get(tag)
    return entry.numbers(layout.order) if entry else []
