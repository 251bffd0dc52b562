import io
import struct

import numpy as np
import pillow_heif
import pytest
import pyvips
from PIL import Image

from tests.photographs import photograph
from tests.services.rendering.foreign_samples import (
    COLOURED,
    GREYS,
    heic,
    jxl_of_jpeg,
    planes,
    read,
)
from tests.services.rendering.made_pictures import (
    BLUE,
    CMYK,
    RED,
    RGB,
    dng,
    halves,
    photoshop,
    resource,
)


def upright_colours(image):
    """The colours left and right as a recipient will see them."""
    options = {"output_profile": "srgb"} if image.get_typeof("icc-profile-data") else {}
    small = image.autorot().thumbnail_image(60, height=60, **options).colourspace("srgb")
    middle = small.height / 2
    return small(small.width * 0.25, middle)[:3], small(small.width * 0.75, middle)[:3]


def assert_red_and_blue(image, tolerance=30):
    for found, expected in zip(upright_colours(image), (RED, BLUE), strict=True):
        assert max(abs(a - b) for a, b in zip(found, expected, strict=True)) < tolerance


@pytest.mark.parametrize("kind", COLOURED)
def test_a_picture_that_libvips_does_not_read_keeps_its_size_and_colours(tmp_path, kind):
    image = read(tmp_path, *COLOURED[kind]())

    assert (image.width, image.height, image.format) == (120, 80, "uchar")
    # Without profiles, ink is only about right.
    assert_red_and_blue(image, 75 if "CMYK" in kind else 30)


@pytest.mark.parametrize("kind", GREYS)
def test_grey_stays_grey_at_any_depth(tmp_path, kind):
    image = read(tmp_path, *GREYS[kind]())

    left, right = upright_colours(image)
    is_black_and_white = "1 bit" in kind
    assert (image.interpretation, image.format) == ("b-w", "uchar")
    assert image.bands == (2 if "alpha" in kind else 1)
    assert abs(left[0] - (255 if is_black_and_white else 200)) < 12
    assert abs(right[0] - (0 if is_black_and_white else 40)) < 12


def test_ink_stays_ink_until_somebody_converts_it(tmp_path):
    inks = planes(halves(left=(0, 255, 255, 0), right=(255, 255, 0, 0)), invert=True)

    image = read(tmp_path, "psd", photoshop(inks, CMYK[1]))

    assert (image.interpretation, image.bands) == ("cmyk", 4)
    assert image(5, 5) == [0, 255, 255, 0]


def test_a_saved_selection_is_no_transparency_and_a_clear_background_is(tmp_path):
    selection = halves(left=(*RED, 0), right=(*BLUE, 255))
    on_white = halves(left=(255, 255, 255, 0), right=(*BLUE, 255))

    selected = read(tmp_path, "psd", photoshop(planes(selection), RGB[1], layers=1))
    clear = read(tmp_path, "psd", photoshop(planes(on_white), RGB[1], layers=-1))

    assert_red_and_blue(selected)
    assert (selected.bands, clear.bands) == (3, 4)
    assert (clear(5, 5)[3], clear(115, 5)) == (0, [*BLUE, 255])


def test_half_clear_colours_are_what_they_were_before_they_were_laid_on_white(tmp_path):
    half = tuple(round((c + 255) / 2) for c in RED)
    laid = planes(halves(left=(*half, 128), right=(*half, 128)))

    image = read(tmp_path, "psd", photoshop(laid, RGB[1], layers=-1))

    assert max(abs(a - b) for a, b in zip(image(5, 5), (*RED, 128), strict=True)) < 4


@pytest.mark.parametrize("ending", ["heic", "jxl", "psd"])
def test_a_profile_comes_along_and_is_used(tmp_path, ending):
    wide = photograph(120, 80).icc_transform("p3", input_profile="srgb")
    profile = wide.get("icc-profile-data")
    pixels = np.frombuffer(wide.write_to_memory(), np.uint8).reshape(80, 120, 3)
    content = {
        "heic": lambda: heic(pixels, icc_profile=profile),
        "jxl": lambda: jxl_of_jpeg(wide.jpegsave_buffer(Q=95), 120, 80),
        "psd": lambda: photoshop(planes(pixels), RGB[1], resources=resource(1039, profile)),
    }[ending]()

    image = read(tmp_path, ending, content)

    assert image.get("icc-profile-data")
    assert_red_and_blue(image, 20)


def test_a_profile_for_other_colours_is_left_out(tmp_path):
    for_ink = pyvips.Image.black(8, 8, bands=4).copy(interpretation="cmyk")
    profile = for_ink.icc_transform("cmyk", input_profile="cmyk").get("icc-profile-data")
    content = photoshop(planes(halves()), RGB[1], resources=resource(1039, profile))

    assert not read(tmp_path, "psd", content).get_typeof("icc-profile-data")


def turned_jpeg():
    """A picture that a camera took on its side."""
    turned = photograph(240, 160).rot270().copy()
    turned.set_type(pyvips.GValue.gint_type, "orientation", 6)
    return turned.jpegsave_buffer(Q=95)


def a_turned_heic():
    """As phones write it: the container turns the picture, and EXIF says the same once more."""
    pillow_heif.register_heif_opener()
    exif = Image.Exif()
    exif[274] = 6
    buffer = io.BytesIO()
    Image.open(io.BytesIO(turned_jpeg())).save(buffer, "HEIF", quality=90, exif=exif.tobytes())
    content = buffer.getvalue()
    assert struct.pack(">HHIH", 274, 3, 1, 6) in content and b"irot" in content
    return "heic", content


def a_turned_jxl():
    return "jxl", jxl_of_jpeg(turned_jpeg(), 160, 240)


def a_turned_raw():
    """The sensor lies, and so does the preview that the camera made."""
    lying = photograph(1000, 1500).rot270()
    return "dng", dng(lying.jpegsave_buffer(Q=95), orientation=6)


def a_raw_that_the_camera_turned():
    return "dng", dng(photograph(1000, 1500).jpegsave_buffer(Q=95), orientation=6)


TURNED = {
    "heic": (a_turned_heic, (240, 160)),
    "jpeg xl of a jpeg": (a_turned_jxl, (240, 160)),
    "raw with a preview that lies": (a_turned_raw, (1000, 1500)),
    "raw with a preview that stands": (a_raw_that_the_camera_turned, (1000, 1500)),
}


@pytest.mark.parametrize("kind", TURNED)
def test_a_picture_is_put_upright_once(tmp_path, kind):
    make, size = TURNED[kind]

    image = read(tmp_path, *make()).autorot()

    assert (image.width, image.height) == size
    assert_red_and_blue(image)


def test_a_raw_picture_without_a_useful_preview_is_developed_upright(tmp_path):
    icon = photograph(160, 120).jpegsave_buffer()
    content = dng(icon, width=900, height=600, orientation=6)

    image = read(tmp_path, "dng", content)

    assert (image.width, image.height) == (300, 450)
    red, green, blue = image(100, 100)
    assert green > red and green > blue
