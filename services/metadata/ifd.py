"""Directories of TIFF 6.0, of its 64-bit form, and of the EXIF in all kinds of pictures."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from services.metadata.splices import MetadataUnsupported
from services.metadata.window import Order, Window, damaged

ASCII, SHORT, LONG, LONG8 = 2, 3, 4, 16
#: Bytes of one value of each type (TIFF 6.0 section 2, and those of BigTIFF).
_TYPE_BYTES = {
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    13: 4,
    16: 8,
    17: 8,
    18: 8,
}
_MOST_VALUE_BYTES, _MOST_NUMBERS = 4 << 20, 200_000
_NUMBERS = frozenset({SHORT, LONG, LONG8, 13, 18})
_ORDERS: dict[bytes, Order] = {b"II": "little", b"MM": "big"}
_CLASSIC, _BIG = 42, 43
#: After the magic number a BigTIFF says that its offsets have 8 bytes.
_BIG_SIGN = (8, 0)


@dataclass(frozen=True)
class Layout:
    """How numbers are written in a TIFF; `is_big` means offsets of 8 bytes."""

    order: Order
    is_big: bool

    @property
    def word_bytes(self) -> int:
        """Bytes of an offset and of a count of values."""
        return 8 if self.is_big else 4

    @property
    def count_bytes(self) -> int:
        """Bytes of the count of entries."""
        return 8 if self.is_big else 2

    @property
    def entry_bytes(self) -> int:
        """Bytes of one entry."""
        return 4 + 2 * self.word_bytes

    @property
    def first_at(self) -> int:
        """Where the offset of the first directory stands."""
        return 8 if self.is_big else 4

    def pack(self, number: int, length: int) -> bytes:
        """Write an unsigned number."""
        return number.to_bytes(length, self.order)


@dataclass(frozen=True)
class Entry:
    """One entry with its value, in the byte order of its file."""

    tag: int
    type: int
    count: int
    value: bytes

    def numbers(self, order: Order) -> list[int]:
        """Read the value as unsigned numbers; empty where it is none."""
        if self.type not in _NUMBERS:
            return []
        width = _TYPE_BYTES[self.type]
        places = range(0, len(self.value), width)
        return [int.from_bytes(self.value[at : at + width], order) for at in places]


@dataclass(frozen=True)
class Directory:
    """The wanted entries of a directory by tag, all tags in it, and where the next one is, or 0."""

    entries: dict[int, Entry]
    tags: frozenset[int]
    next_at: int


def read_layout(window: Window) -> tuple[Layout, int]:
    """Read the header: the layout, and where the first directory is.

    Raises:
        MetadataUnsupported: it is no TIFF.
    """
    start = window.read(0, 2)
    order = _ORDERS.get(start)
    if order is None:
        raise MetadataUnsupported("This is no TIFF file")
    kind = window.number(2, 2, order)
    is_big = kind == _BIG
    layout = Layout(order, is_big)
    if is_big and (window.number(4, 2, order), window.number(6, 2, order)) != _BIG_SIGN:
        raise damaged("its header is not that of a BigTIFF")
    if kind not in {_CLASSIC, _BIG}:
        raise MetadataUnsupported("This is no TIFF file")
    return layout, window.number(layout.first_at, layout.word_bytes, order)


def read_ifd(window: Window, layout: Layout, at: int, wanted: Collection[int]) -> Directory:
    """Read a directory, and the values of the wanted tags.

    Raises:
        MetadataUnsupported: a value is damaged, of an unknown type, larger than 4 MiB, or of
            more than 200,000 numbers.
    """
    count = window.number(at, layout.count_bytes, layout.order)
    entries_at = at + layout.count_bytes
    table = window.read(entries_at, count * layout.entry_bytes)
    places = range(0, len(table), layout.entry_bytes)
    tags = [int.from_bytes(table[place : place + 2], layout.order) for place in places]
    first_places = dict(zip(reversed(tags), reversed(places), strict=True))  # As libtiff reads it.
    entries = {
        tag: _read_entry(window, layout, tag, table[place : place + layout.entry_bytes])
        for tag, place in first_places.items()
        if tag in wanted
    }
    next_at = _read_next(window, layout, entries_at + len(table))
    return Directory(entries, frozenset(tags), next_at)


def _read_next(window: Window, layout: Layout, at: int) -> int:
    """Read where the next directory is; cameras leave the field out where the file ends."""
    if at + layout.word_bytes > window.size_bytes:
        return 0
    return window.number(at, layout.word_bytes, layout.order)


def _read_entry(window: Window, layout: Layout, tag: int, row: bytes) -> Entry:
    kind = int.from_bytes(row[2:4], layout.order)
    count = int.from_bytes(row[4 : 4 + layout.word_bytes], layout.order)
    length = _TYPE_BYTES.get(kind, 0) * count
    is_long = kind in _NUMBERS and count > _MOST_NUMBERS
    if is_long or not 0 < length <= _MOST_VALUE_BYTES:
        raise damaged(f"it has a value for tag {tag} that no picture needs")
    field = row[4 + layout.word_bytes :]
    if length <= layout.word_bytes:
        return Entry(tag, kind, count, field[:length])
    return Entry(tag, kind, count, window.read(int.from_bytes(field, layout.order), length))


def write_ifd(layout: Layout, entries: Iterable[Entry], at: int, next_at: int) -> bytes:
    """Write a directory that stands at `at`, followed by its values, of an even length.

    `at` is even, so that every value stands on a word boundary (TIFF 6.0 section 2).
    """
    ordered = sorted(entries, key=lambda entry: entry.tag)
    table = layout.pack(len(ordered), layout.count_bytes)
    values_at = at + len(table) + len(ordered) * layout.entry_bytes + layout.word_bytes
    values = b""
    for entry in ordered:
        field = entry.value.ljust(layout.word_bytes, b"\x00")
        if len(field) > layout.word_bytes:
            field = layout.pack(values_at + len(values), layout.word_bytes)
            values += entry.value + b"\x00" * (len(entry.value) % 2)
        table += layout.pack(entry.tag, 2) + layout.pack(entry.type, 2)
        table += layout.pack(entry.count, layout.word_bytes) + field
    return table + layout.pack(next_at, layout.word_bytes) + values
