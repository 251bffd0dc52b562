import struct
import zlib

import numpy as np
import pytest

from services.rendering.jpeg_xl import read_size
from tests.photographs import photograph
from tests.services.rendering.foreign_samples import (
    CLEAR,
    COLOURED,
    GREYS,
    TYPES,
    by_pillow,
    failure_of,
    heic,
    jxl,
    planes,
)
from tests.services.rendering.made_pictures import RGB, dng, halves, photoshop, resource


def claim(content, at, *numbers, kind="<I"):
    """Put other numbers in the place of the size of a picture."""
    changed = bytearray(content)
    for number in numbers:
        struct.pack_into(kind, changed, at, number)
        at += struct.calcsize(kind)
    return bytes(changed)


def a_large_heic():
    content = heic(halves(width=64, height=64))
    return claim(content, content.index(b"ispe") + 8, 40_000, 40_000, kind=">I")


def a_large_jp2():
    content = by_pillow(ending="jp2")
    content = claim(content, content.index(b"ihdr") + 4, 40_000, 40_000, kind=">I")
    return claim(content, content.index(b"\xff\x51") + 6, 40_000, 40_000, kind=">I")


def a_large_icon():
    content = by_pillow("RGBA", "ico", CLEAR, sizes=[(120, 80)])
    at = content.index(b"IHDR")
    large = claim(content, at + 4, 40_000, 40_000, kind=">I")
    return claim(large, at + 17, zlib.crc32(large[at : at + 17]), kind=">I")


BOMBS = {
    "bmp": lambda: claim(by_pillow(), 18, 40_000, 40_000),
    "tga": lambda: claim(by_pillow(ending="tga"), 12, 40_000, 40_000, kind="<H"),
    "dds": lambda: claim(by_pillow("RGBA", "dds", CLEAR), 12, 40_000, 40_000),
    "psd": lambda: claim(photoshop(planes(halves()), RGB[1]), 14, 29_000, 29_000, kind=">I"),
    "heic": a_large_heic,
    "jp2": a_large_jp2,
    "ico": a_large_icon,
    # Height, its class and its bits, then no ratio, then the same for the width.
    "jxl": lambda: (
        b"\xff\x0a" + (0b110 | 39_999 << 3 | 0b11 << 36 | 39_999 << 38).to_bytes(9, "little")
    ),
    "dng": lambda: claim_dng(dng()),
}


def claim_dng(content):
    """A raw picture of forty thousand pixels a side, with nothing in it."""
    for tag in (256, 257):
        at = content.index(struct.pack("<HHI", tag, 4, 1)) + 8
        content = claim(content, at, 40_000)
    return content


@pytest.mark.parametrize("ending", BOMBS)
def test_a_header_that_claims_too_many_pixels_is_refused(tmp_path, ending):
    assert failure_of(tmp_path, ending, BOMBS[ending]()) == "too_large"


@pytest.mark.parametrize("kind", [*COLOURED, *GREYS])
def test_half_a_file_is_damaged(tmp_path, kind):
    ending, content = (COLOURED | GREYS)[kind]()

    assert failure_of(tmp_path, ending, content[: len(content) // 2]) == "damaged"


@pytest.mark.parametrize("ending", TYPES)
def test_only_the_reader_of_its_own_type_is_tried(tmp_path, ending):
    gif = photograph(40, 40).gifsave_buffer()

    assert failure_of(tmp_path, ending, gif) in {"damaged", "unsupported"}


def test_kinds_that_are_not_read_are_unsupported(tmp_path):
    three = planes(halves())
    floats = photoshop(three, RGB[1])[:22] + struct.pack(">H", 32) + photoshop(three, RGB[1])[24:]
    hidden = photoshop(three, RGB[1], resources=resource(1057, b"\0\0\0\1\0"))

    assert failure_of(tmp_path, "psd", floats) == "unsupported"
    assert failure_of(tmp_path, "psd", hidden) == "unsupported"


@pytest.mark.parametrize("size", [(120, 80), (8, 16), (4000, 3000), (1920, 1080), (70_000, 3)])
def test_the_size_of_a_jpeg_xl_is_read_without_its_decoder(size):
    pixels = np.zeros((size[1], size[0]), np.uint8)

    assert read_size(jxl("L", pixels)) == size
