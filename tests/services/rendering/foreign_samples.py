"""Samples of pictures that libvips does not read: red on the left, blue on the right, or grey."""

import io

import numpy as np
import pillow_heif
import pytest
from PIL import Image
from pillow_jxl import Encoder

from services.rendering.foreign import read_foreign
from services.rendering.original import OpenOriginal, RenderFailed
from tests.services.rendering.made_pictures import (
    BLUE,
    CMYK,
    GREY,
    INDEXED,
    LAB,
    RED,
    RGB,
    halves,
    photoshop,
)
from tests.services.rendering.ordering import make_order

TYPES = {
    "bmp": "image/bmp",
    "ico": "image/x-icon",
    "tga": "image/x-tga",
    "dds": "image/vnd.ms-dds",
    "jp2": "image/jp2",
    "heic": "image/heic",
    "jxl": "image/jxl",
    "psd": "image/vnd.adobe.photoshop",
    "dng": "image/x-raw",
}


def read(folder, ending, content):
    path = folder / f"picture.{ending}"
    path.write_bytes(content)
    with OpenOriginal(make_order(path, media_type=TYPES[ending])) as original:
        return read_foreign(original)


def failure_of(folder, ending, content):
    with pytest.raises(RenderFailed) as caught:
        read(folder, ending, content)
    assert caught.value.failure.message
    return caught.value.failure.code


def by_pillow(mode="RGB", ending="bmp", pixels=None, **options):
    picture = Image.fromarray(halves() if pixels is None else pixels)
    buffer = io.BytesIO()
    if mode == "P":
        picture = picture.quantize(16)
    picture.convert(mode, dither=Image.Dither.NONE).save(
        buffer, {"jp2": "JPEG2000"}.get(ending, ending), **options
    )
    return buffer.getvalue()


def jxl_encoder(mode, *, is_lossless=False):
    return Encoder(
        mode=mode,
        lossless=is_lossless,
        quality=90,
        decoding_speed=0,
        effort=1,
        use_container=True,
        use_original_profile=is_lossless,
        num_threads=1,
    )


def jxl(mode, pixels):
    height, width = pixels.shape[:2]
    return jxl_encoder(mode)(pixels.tobytes(), width, height, jpeg_encode=False)


def jxl_of_jpeg(content, width, height):
    """Pack a JPEG without loss: what was in it comes out again."""
    encoder = jxl_encoder("RGB", is_lossless=True)
    return encoder(content, width, height, jpeg_encode=True)


def heic(pixels, mode="RGB", icc_profile=None):
    made = pillow_heif.from_bytes(mode, (pixels.shape[1], pixels.shape[0]), pixels.tobytes())
    if icc_profile:
        made.info["icc_profile"] = icc_profile
    buffer = io.BytesIO()
    made.save(buffer, quality=95)
    return buffer.getvalue()


def planes(pixels, invert=False):
    return [255 - plane if invert else plane for plane in np.moveaxis(pixels, -1, 0)]


CLEAR = halves(left=(*RED, 255), right=(*BLUE, 255))
GREY_HALVES = halves(left=(200,), right=(40,))[:, :, 0]
#: The same as amounts of light: this encoder takes deep pictures for that.
LINEAR_HALVES = (((GREY_HALVES / 255 + 0.055) / 1.055) ** 2.4 * 65535).astype(np.uint16)
#: Red and blue as Photoshop's Lab of 8 bits: lightness, then two axes around 128.
LAB_HALVES = halves(left=(113, 128 + 61, 128 + 41), right=(76, 128 + 54, 128 - 81))
PALETTE = bytes(np.array([RED, BLUE, *[(0, 0, 0)] * 254], np.uint8).T.tobytes())
COLOURED = {
    "bmp": lambda: ("bmp", by_pillow()),
    "bmp with a palette": lambda: ("bmp", by_pillow("P")),
    "bmp with alpha": lambda: ("bmp", by_pillow("RGBA", pixels=CLEAR)),
    "icon": lambda: ("ico", by_pillow("RGBA", "ico", sizes=[(120, 80)])),
    "targa": lambda: ("tga", by_pillow(ending="tga")),
    "targa, packed": lambda: ("tga", by_pillow("RGBA", "tga", CLEAR, compression="tga_rle")),
    "dds": lambda: ("dds", by_pillow("RGBA", "dds", CLEAR)),
    "jpeg 2000": lambda: ("jp2", by_pillow(ending="jp2")),
    "heic": lambda: ("heic", heic(halves())),
    "heic with alpha": lambda: ("heic", heic(CLEAR, "RGBA")),
    "heic of 10 bits": lambda: ("heic", heic(halves().astype(np.uint16) * 257, "RGB;16")),
    "jpeg xl": lambda: ("jxl", jxl("RGB", halves())),
    "jpeg xl with alpha": lambda: ("jxl", jxl("RGBA", CLEAR)),
    "psd": lambda: ("psd", photoshop(planes(halves()), RGB[1])),
    "psd, packed": lambda: ("psd", photoshop(planes(halves()), RGB[1], is_packed=True)),
    "psd of 16 bits": lambda: ("psd", photoshop(planes(halves()), RGB[1], depth=16)),
    "psb of 16 bits, packed": lambda: (
        "psd",
        photoshop(planes(halves()), RGB[1], depth=16, is_packed=True, is_large=True),
    ),
    "psd with alpha": lambda: ("psd", photoshop(planes(CLEAR), RGB[1], layers=-1)),
    "psd in CMYK": lambda: (
        "psd",
        photoshop(planes(halves(left=(30, 230, 230, 20), right=(230, 230, 20, 0)), True), CMYK[1]),
    ),
    "psd in Lab": lambda: ("psd", photoshop(planes(LAB_HALVES), LAB[1])),
    "psd with a palette": lambda: (
        "psd",
        photoshop([halves(left=(0,), right=(1,))[:, :, 0]], INDEXED[1], palette=PALETTE),
    ),
}  # fmt: skip


GREYS = {
    "grey bmp of 1 bit": lambda: ("bmp", by_pillow("1", pixels=GREY_HALVES)),
    "grey bmp of 8 bits": lambda: ("bmp", by_pillow("L", pixels=GREY_HALVES)),
    "grey targa with alpha": lambda: ("tga", by_pillow("LA", "tga", GREY_HALVES)),
    "grey jpeg 2000 of 16 bits": lambda: (
        "jp2", by_pillow("I;16", "jp2", GREY_HALVES.astype(np.uint16) * 257)
    ),
    "grey jpeg xl": lambda: ("jxl", jxl("L", GREY_HALVES)),
    "grey jpeg xl of 16 bits": lambda: ("jxl", jxl("I;16", LINEAR_HALVES)),
    "grey jpeg xl with alpha": lambda: ("jxl", jxl("LA", halves(left=(200, 255), right=(40, 255)))),
    "grey psd": lambda: ("psd", photoshop([GREY_HALVES], GREY[1])),
    "grey psd of 1 bit": lambda: ("psd", photoshop([GREY_HALVES], 0, depth=1)),
}  # fmt: skip
