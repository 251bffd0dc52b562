"""The two things in the EXIF of a picture that change how it looks, and that removal has to keep."""

from dataclasses import dataclass

from services.metadata.ifd import Layout, read_ifd, read_layout
from services.metadata.splices import MetadataUnsupported
from services.metadata.window import Window

EXIF_IFD = 34665
INTEROPERABILITY_IFD = 40965
_ORIENTATION = 274
_INTEROPERABILITY_INDEX = 1
_ADOBE_RGB = b"R03"
_LAST_ORIENTATION = 8
PREFIX = b"Exif\x00\x00"


@dataclass(frozen=True)
class Traits:
    """How a picture has to be shown.

    `orientation` is 1 to 8 (TIFF 6.0 tag 274). `is_adobe_rgb` is what cameras say in the way of
    DCF 2.0, without a profile: taken away, the colours would look pale.
    """

    orientation: int = 1
    is_adobe_rgb: bool = False


#: A picture that is shown as it is stored.
PLAIN = Traits()


def read_traits(exif: bytes) -> Traits:
    """Read the traits from EXIF in its TIFF form, with or without the prefix of JPEG.

    EXIF that cannot be read means a plain picture: viewers take it the same way.
    """
    window = Window.over(exif.removeprefix(PREFIX))
    try:
        layout, first_at = read_layout(window)
        found = _read_numbers(window, layout, first_at, _ORIENTATION)
    except MetadataUnsupported:
        return PLAIN
    orientation = found[0] if found and 1 <= found[0] <= _LAST_ORIENTATION else 1
    return Traits(orientation, _is_adobe_rgb(window, layout, first_at))


def _is_adobe_rgb(window: Window, layout: Layout, at: int) -> bool:
    try:
        for tag in (EXIF_IFD, INTEROPERABILITY_IFD):
            (at,) = _read_numbers(window, layout, at, tag)
        marks = read_ifd(window, layout, at, {_INTEROPERABILITY_INDEX})
    except (MetadataUnsupported, ValueError):
        return False
    index = marks.entries.get(_INTEROPERABILITY_INDEX)
    return index is not None and index.value.startswith(_ADOBE_RGB)


def _read_numbers(window: Window, layout: Layout, at: int, tag: int) -> list[int]:
    entry = read_ifd(window, layout, at, {tag}).entries.get(tag)
    return entry.numbers(layout.order) if entry else []
