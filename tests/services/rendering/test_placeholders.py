import base64

import numpy as np
import pytest
import pyvips
from hypothesis import given
from hypothesis import strategies as st

from services.rendering.averages import decode_average
from services.rendering.placeholders import thumbhash
from tests.photographs import photograph
from tests.services.rendering.drawn_hashes import hash_to_pixels

BYTES = st.integers(0, 255)


def plain(*colour, width=40, height=30):
    interpretation = "b-w" if len(colour) < 3 else "srgb"
    return (
        (pyvips.Image.black(width, height) + list(colour))
        .cast("uchar")
        .copy(interpretation=interpretation)
    )


@given(BYTES, BYTES, BYTES)
def test_the_average_colour_comes_back(red, green, blue):
    found = decode_average(thumbhash(plain(red, green, blue)))

    # Two of the three numbers have six bits for twice the range.
    assert max(abs(a - b) for a, b in zip(found, (red, green, blue), strict=True)) <= 8


def test_grey_has_an_average_too():
    assert max(abs(one - 100) for one in decode_average(thumbhash(plain(100)))) <= 8


@given(st.integers(1, 900), st.integers(1, 900))
def test_the_shape_comes_back(width, height):
    drawn = hash_to_pixels(thumbhash(plain(90, 120, 30, width=width, height=height)))

    assert max(drawn.shape[:2]) == 32
    longer, shorter = max(width, height), min(width, height)
    is_same_way = (drawn.shape[1] >= drawn.shape[0]) == (width >= height)
    assert is_same_way or longer < 1.2 * shorter
    # The shorter side is told in sevenths of the longer one.
    told = min(drawn.shape[:2]) / 32
    assert abs(told - max(shorter / longer, 1 / 7)) <= 0.09


def test_a_drawn_placeholder_looks_like_its_picture():
    drawn = hash_to_pixels(thumbhash(photograph(240, 160)))

    left, right = drawn[11, 6], drawn[11, 26]
    assert left[0] > left[2] + 80 and right[2] > right[0] + 80
    assert (drawn[:, :, 3] == 255).all()


def test_what_is_clear_stays_clear_and_adds_no_colour():
    ball = pyvips.Image.black(100, 100).draw_circle(255, 50, 50, 30, fill=True)
    picture = plain(200, 40, 40, width=100, height=100).bandjoin(ball).copy(interpretation="srgb")

    drawn = hash_to_pixels(thumbhash(picture))

    assert drawn[16, 16, 3] > 180 and drawn[1, 1, 3] < 60
    average = decode_average(thumbhash(picture))
    assert max(abs(a - b) for a, b in zip(average, (200, 40, 40), strict=True)) <= 8


@pytest.mark.parametrize("bands", [1, 2, 3, 4])
def test_a_hash_is_short_whatever_the_picture(bands):
    noise = pyvips.Image.gaussnoise(300, 200, mean=128, sigma=80, seed=4)
    picture = noise.bandjoin([noise.rot180()] * (bands - 1)) if bands > 1 else noise
    kind = "srgb" if bands > 2 else "b-w"

    found = thumbhash(picture.cast("uchar").copy(interpretation=kind))

    assert 20 <= len(base64.b64decode(found)) <= 28
    assert hash_to_pixels(found).dtype == np.uint8


def test_equal_pictures_have_equal_hashes_and_others_do_not():
    first, again, other = photograph(seed=1), photograph(seed=1), photograph().fliphor()

    assert thumbhash(first) == thumbhash(again) != thumbhash(other)


def test_all_white_and_all_clear_are_pictures_too():
    clear = pyvips.Image.black(10, 10, bands=4).copy(interpretation="srgb")

    assert min(decode_average(thumbhash(plain(255, 255, 255)))) > 250
    assert not hash_to_pixels(thumbhash(clear))[:, :, 3].any()


@given(st.binary(max_size=30))
def test_any_bytes_are_a_hash_or_an_error_of_value(data):
    placeholder = base64.b64encode(data).decode()
    if len(data) < 5:
        with pytest.raises(ValueError, match="five bytes"):
            decode_average(placeholder)
    else:
        assert all(0 <= one <= 255 for one in decode_average(placeholder))
