"""Hand pixels that others decoded over to libvips, with what belongs to them."""

import numpy as np
import pyvips
from PIL import Image

from services.rendering.original import RenderFailed

#: Held in memory by whoever decodes them.
MOST_PIXELS = 120_000_000
_LONGEST_EDGE = 65_535
#: What Pillow calls these becomes this many bands; all other modes are converted to one of them.
_BANDS = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4, "CMYK": 4}
_LESS_COMMON = {"1": "L", "PA": "RGBA", "La": "LA", "RGBa": "RGBA", "RGBX": "RGB", "YCbCr": "RGB"}
#: The data colour space of a profile (ICC.1:2022, 7.2.6), by interpretation.
_PROFILES = {"srgb": b"RGB ", "b-w": b"GRAY", "cmyk": b"CMYK"}
_PROFILE_SPACE = slice(16, 20)
_FIELDS = {"icc": "icc-profile-data", "exif": "exif-data", "xmp": "xmp-data", "iptc": "iptc-data"}
_LAST_ORIENTATION = 8


def check_size(width: int, height: int, most_pixels: int = MOST_PIXELS) -> None:
    """Refuse what would take too much memory to decode; `width` and `height` are in pixels.

    Raises:
        RenderFailed: too_large, or damaged if there are no pixels at all.
    """
    if width <= 0 or height <= 0:
        raise RenderFailed("damaged", "The picture has no pixels")
    if width * height > most_pixels or max(width, height) > _LONGEST_EDGE:
        raise RenderFailed("too_large", f"{width} × {height} pixels are too many")


def hand_over(
    data: bytes, width: int, height: int, bands: int, *, is_cmyk: bool = False
) -> pyvips.Image:
    """Make an image of rows of 8-bit pixels; `data` is kept, not copied.

    One band is grey, two grey with alpha, three sRGB, four sRGB with alpha or CMYK.
    """
    colours = "srgb" if bands >= _BANDS["RGB"] else "b-w"
    image = pyvips.Image.new_from_memory(data, width, height, bands, "uchar")
    return image.copy(interpretation="cmyk" if is_cmyk else colours)


def reduce_to_bytes(data: bytes) -> bytes:
    """Keep the upper half of numbers of 16 bits, which stand in the byte order of the machine."""
    return (np.frombuffer(data, np.uint16) >> 8).astype(np.uint8).tobytes()


def hand_over_pillow(picture: Image.Image) -> pyvips.Image:
    """Make an image of a picture that Pillow holds, of any mode that its readers give."""
    if picture.mode not in _BANDS:
        picture = _simplify(picture)
    bands = _BANDS[picture.mode]
    return hand_over(picture.tobytes(), *picture.size, bands, is_cmyk=picture.mode == "CMYK")


def attach(image: pyvips.Image, *, orientation: int = 1, **blobs: bytes | None) -> pyvips.Image:
    """Attach what a file says of its picture: icc, exif, xmp, iptc, and how to put it upright.

    A profile that is made for other colours than these is left out; conversion would fail with it.
    """
    image = image.copy()
    for name, blob in blobs.items():
        if blob and (name != "icc" or blob[_PROFILE_SPACE] == _PROFILES.get(image.interpretation)):
            image.set_type(pyvips.GValue.blob_type, _FIELDS[name], blob)
    # An EXIF block that is set is also read, and its word on the orientation is not asked for here.
    image.remove("orientation")
    if 1 < orientation <= _LAST_ORIENTATION:
        image.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    return image


def _simplify(picture: Image.Image) -> Image.Image:
    if picture.mode == "P":
        return picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    if picture.mode in _LESS_COMMON:
        return picture.convert(_LESS_COMMON[picture.mode])
    # The rest are numbers: 16 bits in some order of bytes, or floats from 0 to 1.
    numbers = np.asarray(picture)
    scaled = numbers * 255 if picture.mode == "F" else numbers >> 8
    return Image.fromarray(scaled.clip(0, 255).astype(np.uint8))
