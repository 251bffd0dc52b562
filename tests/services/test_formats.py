from contextlib import nullcontext
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.format_settings import FormatSetting
from services.format_wishes import CustomFormat, FormatWish, read_custom_form
from services.formats.catalogue import THUMBNAIL, VIEW
from services.formats.geometry import plan_geometry, predict_size
from services.formats.recipes import (
    FilmRecipe,
    PictureRecipe,
    SoundRecipe,
    read_recipe,
    recipe_digest,
    rendition_key,
    write_recipe,
)
from tests.publishing import a_request

SOURCE = bytes(32)
FITS = st.sampled_from(["inside", "cover", "pad", "exact"])


def test_a_rendition_has_one_address_for_all_that_shapes_it():
    keys = {
        rendition_key(SOURCE, VIEW.recipe),
        rendition_key(SOURCE, VIEW.recipe),
        rendition_key(SOURCE, THUMBNAIL.recipe),
        rendition_key(SOURCE, replace(VIEW.recipe, quality=83)),
        rendition_key(b"1" * 32, VIEW.recipe),
        rendition_key(SOURCE, VIEW.recipe, b"1" * 32),
    }

    assert len(keys) == 5
    assert all(len(key) == 64 for key in keys)


@given(
    st.integers(1, 20_000), st.integers(1, 20_000), st.integers(1, 9000), st.integers(1, 9000), FITS
)
def test_a_prediction_never_enlarges_and_always_fits(width, height, box_width, box_height, fit):
    recipe = PictureRecipe(box_width, box_height, "jpeg", fit=fit)

    predicted = predict_size(recipe, width, height)

    assert predicted[0] <= box_width and predicted[1] <= box_height
    if fit in {"inside", "cover"}:
        assert predicted[0] <= width and predicted[1] <= height
    else:
        assert predicted == (box_width, box_height)


@given(st.integers(1, 20_000), st.integers(1, 20_000), st.integers(16, 4000), st.integers(16, 4000))
def test_what_is_cut_is_first_made_as_small_as_it_may_be(width, height, box_width, box_height):
    plan = plan_geometry(PictureRecipe(box_width, box_height, "jpeg", fit="cover"), width, height)

    over = (plan.scaled[0] - plan.cropped[0], plan.scaled[1] - plan.cropped[1])
    assert min(over) >= 0
    assert min(over) <= 1 or plan.scaled == (width, height)


RECIPES = [
    THUMBNAIL.recipe,
    FilmRecipe(720, "vp9", 1500),
    SoundRecipe("opus", 96),
    PictureRecipe(10, 20, "avif", colour="grey", background="#102030"),
]


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_that_was_written_is_read_as_it_was(recipe):
    assert read_recipe(write_recipe(recipe)) == recipe


def test_every_field_of_a_recipe_shapes_its_digest():
    recipe = PictureRecipe(100, 100, "jpeg")
    others = {
        "width": 101, "height": 101, "encoder": "png", "quality": 81, "fit": "pad",
        "crop": "attention", "colour": "grey", "dpi": 72, "background": "#000000", "page": 2,
    }  # fmt: skip

    assert set(others) == {one.name for one in fields(recipe)}
    changed = {recipe_digest(replace(recipe, **{name: value})) for name, value in others.items()}
    assert len(changed | {recipe_digest(recipe)}) == len(others) + 1


def test_equal_wishes_are_one_format_whatever_else_was_filled_in():
    plain = CustomFormat(width=800, height=800, encoder="png", quality=50, crop="centre")
    other = CustomFormat(width=800, height=800, encoder="png", quality=90, sound_kbit=64)

    assert plain.to_format() == other.to_format()
    assert plain.to_format().label == "PNG, 800 × 800"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"width": "9000"}, "Picture: width"),
        ({"width": "8000", "height": "8000"}, "40 megapixels"),
        ({"encoder": "avif", "width": "5000"}, "4096 pixels"),
        ({"encoder": "png", "colour": "keep"}, "only jpeg and tiff"),
        ({"quality": "5"}, "Picture: quality"),
        ({"encoder": "exr"}, "Picture: file type"),
        ({"background": "red"}, "Picture: background"),
        ({"medium": "film", "film_height": "721"}, "Film: height"),
    ],
)
def test_a_wish_out_of_bounds_is_refused_with_the_field_and_the_reason(fields, words):
    with pytest.raises(ValueError, match=words):
        read_custom_form(fields)


@pytest.mark.parametrize(
    ("name", "is_one"),
    [("web", True), ("9-16", True), ("a" * 40, True), ("a" * 41, False), ("-web", False),
     ("Web", False), ("web\n", False), ("wëb", False)],
)  # fmt: skip
def test_a_name_that_can_be_set_can_be_asked_for_and_no_other_can(name, is_one):
    for write in (
        lambda: FormatSetting(name=name),
        lambda: FormatWish(format=name),
        lambda: a_request(formats=[name]),
    ):
        with nullcontext() if is_one else pytest.raises(ValidationError, match="pattern"):
            write()
