"""Read what is left to Pillow: BMP, ICO, TGA, DDS and JPEG 2000."""

import warnings
from pathlib import Path

import pyvips
from PIL import (
    BmpImagePlugin,
    DdsImagePlugin,
    IcoImagePlugin,
    Image,
    Jpeg2KImagePlugin,
    TgaImagePlugin,
)

from services.rendering.original import OpenOriginal
from services.rendering.pixels import MOST_PIXELS, attach, check_size, hand_over_pillow

#: OpenJPEG holds every sample in four bytes until the last is read.
_MOST_PIXELS_JPEG_2000 = 64_000_000
# Named here, so that opening one type never makes Pillow import and try all others.
_PLUGINS = {
    "image/bmp": BmpImagePlugin.BmpImageFile,
    "image/x-icon": IcoImagePlugin.IcoImageFile,
    "image/x-tga": TgaImagePlugin.TgaImageFile,
    "image/vnd.ms-dds": DdsImagePlugin.DdsImageFile,
    "image/jp2": Jpeg2KImagePlugin.Jpeg2KImageFile,
}

Image.MAX_IMAGE_PIXELS = MOST_PIXELS


def read(original: OpenOriginal) -> pyvips.Image:
    """Read a picture with the one plugin of its type.

    Raises:
        RenderFailed: too_large; the library raises whatever else is wrong.
    """
    plugin = _PLUGINS[original.media_type]
    most = _MOST_PIXELS_JPEG_2000 if original.media_type == "image/jp2" else MOST_PIXELS
    with warnings.catch_warnings(), Path(original.path).open("rb") as file:
        warnings.simplefilter("ignore")
        # Pillow itself looks at what an icon holds, and would only warn of it.
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with Image.open(file, formats=[str(plugin.format)]) as picture:
            check_size(*picture.size, most)
            picture.load()
            return attach(hand_over_pillow(picture), icc=picture.info.get("icc_profile"))
