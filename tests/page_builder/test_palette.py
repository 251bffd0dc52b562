import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from page_builder.palette import (
    DARK_GROUNDS,
    EDGE_CONTRAST,
    LIGHT_GROUNDS,
    TEXT_CONTRAST,
    contrast,
    make_palette,
    worst_contrast,
    write_theme,
)
from page_builder.static import static_files, theme_href, write_theme_file

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@given(fill=COLOURS)
def test_every_colour_becomes_a_page_that_can_be_read(fill):
    palette = make_palette(fill)

    assert palette.fill == fill
    assert contrast(palette.on_fill, fill) >= 4.58 - 0.005
    assert worst_contrast(palette.accent_light, LIGHT_GROUNDS) >= TEXT_CONTRAST
    assert worst_contrast(palette.accent_dark, DARK_GROUNDS) >= TEXT_CONTRAST
    assert contrast(palette.edge_light, LIGHT_GROUNDS[0]) >= EDGE_CONTRAST
    assert contrast(palette.edge_dark, DARK_GROUNDS[0]) >= EDGE_CONTRAST


@pytest.mark.parametrize(
    ("fill", "light", "dark"),
    [
        ("#8a3b1e", "#8a3b1e", "#c57053"),
        ("#ffd400", "#836b00", "#ffd400"),
        ("#000000", "#000000", "#868686"),
        ("#0057ff", "#0057ff", "#4180ff"),
    ],
)
def test_a_colour_that_passes_is_kept_and_another_moves_no_further_than_it_must(fill, light, dark):
    palette = make_palette(fill)

    assert (palette.accent_light, palette.accent_dark) == (light, dark)


def test_black_on_white_has_the_contrast_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_the_grounds_are_those_of_the_style_sheet():
    style = next(one.content.decode() for one in static_files().values() if ".css" in one.name)

    for colour in itertools.chain(LIGHT_GROUNDS[:2], DARK_GROUNDS):
        assert colour in style


@given(fill=COLOURS)
def test_a_theme_is_small_and_served_under_the_name_that_pages_use(fill):
    file = write_theme_file(theme_href(fill).rpartition("/")[2])

    assert file is not None
    assert file.content == write_theme(make_palette(fill))
    assert len(file.content) < 220


@pytest.mark.parametrize("name", ["t1-8A3B1E.css", "t1-zzzzzz.css", "t0-8a3b1e.css", "../x.css"])
def test_no_other_name_gives_a_theme(name):
    assert write_theme_file(name) is None
