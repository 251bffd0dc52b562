"""Read HEIC by libheif."""

import io
from typing import Any

import pillow_heif
import pillow_heif.options
import pyvips

from services.rendering.original import OpenOriginal
from services.rendering.pixels import attach, check_size, hand_over, reduce_to_bytes

_LARGEST_BYTES = 200_000_000

# One thread a process, and nothing is looked into that is not shown.
pillow_heif.options.DECODE_THREADS = 1
pillow_heif.options.THUMBNAILS = False
pillow_heif.options.DEPTH_IMAGES = False
pillow_heif.options.AUX_IMAGES = False


def read(original: OpenOriginal) -> pyvips.Image:
    """Read the main picture, upright: libheif turns it as the container says, EXIF says it again.

    Raises:
        RenderFailed: too_large; the library raises whatever else is wrong.
    """
    content = io.BytesIO(original.read(_LARGEST_BYTES))
    heif = pillow_heif.open_heif(content, convert_hdr_to_8bit=True)
    picture = heif[heif.primary_index]
    check_size(*picture.size)
    info: dict[str, Any] = picture.info
    data = picture.data
    if picture.mode.endswith(";16"):
        data = reduce_to_bytes(data)
    # What is grey and deep is called I;16 here; all other names have a letter for each band.
    bands = len(picture.mode.partition(";")[0])
    image = hand_over(data, *picture.size, bands)
    if picture.mode.endswith("a"):
        image = image.unpremultiply().cast("uchar")
    return attach(image, icc=info.get("icc_profile"), exif=info.get("exif"), xmp=info.get("xmp"))
