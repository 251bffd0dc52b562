"""Colours are right on the web, whatever the profile, and nothing is converted for nothing."""

import numpy as np
import pytest
import pyvips
from PIL import ImageCms

from services.formats.catalogue import Format
from services.formats.recipes import PictureRecipe
from services.rendering.profiles import choose_conversion
from tests.photographs import photograph
from tests.services.rendering.test_rendering import render

#: Neither reduced nor compressed, so that each pixel can be compared.
SAME = Format("same", "Same size", PictureRecipe(300, 200, "png"))
SRGB = pyvips.Image.profile_load("srgb")
LITTLE_CMS = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def tag(image, profile):
    tagged = image.copy()
    tagged.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    return tagged


def render_same(pool, path):
    (file,) = render(pool, path, formats=[SAME]).files
    return pyvips.Image.new_from_file(file.path).numpy().astype(int)


@pytest.mark.parametrize("ending", ["png", "tif"])
@pytest.mark.parametrize("kind", ["8-bit", "16-bit"])
def test_a_picture_of_wider_colours_looks_on_the_web_as_it_did(pool, tmp_path, kind, ending):
    seen = photograph(300, 200)
    wide = seen.icc_transform("p3", input_profile="srgb", depth=16 if kind == "16-bit" else 8)
    path = tmp_path / f"wide.{ending}"
    wide.write_to_file(str(path))

    made = render_same(pool, path)

    assert np.abs(wide.colourspace("srgb").numpy().astype(int) - seen.numpy()).max() > 20
    assert np.abs(made - seen.numpy()).max() <= 2


@pytest.mark.parametrize("profile", [SRGB, LITTLE_CMS], ids=["of libvips", "of Little CMS"])
@pytest.mark.parametrize("depth", [8, 16])
def test_a_picture_that_is_tagged_as_srgb_keeps_every_pixel(pool, tmp_path, profile, depth):
    seen = photograph(300, 200)
    picture = seen if depth == 8 else seen.colourspace("rgb16")
    path = tmp_path / "tagged.png"
    tag(picture, profile).pngsave(str(path))

    assert choose_conversion(pyvips.Image.new_from_file(str(path))) == {}
    assert (render_same(pool, path) == seen.numpy()).all()


def test_a_damaged_profile_is_as_good_as_none(pool, tmp_path):
    seen, path = photograph(300, 200), tmp_path / "damaged.png"
    tag(seen, b"no profile at all" * 10).pngsave(str(path))

    assert (render_same(pool, path) == seen.numpy()).all()


def test_a_picture_for_print_is_converted_by_its_own_profile(pool, tmp_path):
    printed = photograph(300, 200).icc_transform("cmyk", input_profile="srgb")
    path = tmp_path / "print.tif"
    printed.tiffsave(str(path), keep="icc")

    proof = printed.icc_transform("srgb", embedded=True).numpy()
    assert choose_conversion(pyvips.Image.new_from_file(str(path)))
    assert np.abs(render_same(pool, path) - proof).max() <= 2
