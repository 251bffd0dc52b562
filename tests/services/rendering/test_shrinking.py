"""Photographs are reduced while they are decoded, and nobody sees it."""

import pytest
import pyvips

from services.formats.catalogue import THUMBNAIL
from tests.photographs import photograph
from tests.services.rendering.test_rendering import UNDO, is_blue, is_red, render


@pytest.mark.parametrize("orientation", [1, 5, 6, 8])
@pytest.mark.parametrize("width", [1710, 3750, 7200])
def test_a_photograph_that_is_reduced_while_it_is_decoded_comes_out_the_same(
    pool, tmp_path, orientation, width
):
    height = width * 2 // 3
    turned = UNDO[orientation](photograph(width, height)).copy()
    turned.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    path = tmp_path / "large.jpg"
    turned.jpegsave(str(path), Q=90)

    outcome = render(pool, path, formats=[THUMBNAIL])

    (file,) = outcome.files
    picture = pyvips.Image.new_from_file(file.path)
    assert (outcome.failure, file.width, file.height) == (None, 640, 427)
    assert is_red(picture(128, 213)) and is_blue(picture(512, 213))
