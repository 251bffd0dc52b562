"""Still and moving pictures of a film: its poster, a short silent look, a board of tiles."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import ffmpeg  # type: ignore[import-untyped, unused-ignore]
import pyvips

from services.formats.geometry import plan_geometry
from services.formats.recipes import MotionRecipe, PictureRecipe, StoryboardRecipe
from services.rendering.ffmpeg import open_input, part_of, write_output
from services.rendering.film import Film, Picture
from services.rendering.film_encoding import BARE
from services.rendering.film_filters import fit_box, map_tones, reduce, thin_out
from services.rendering.film_frames import grab, grab_equal, grab_first
from services.rendering.orders import RenderedFile, Report, WantedOutput
from services.rendering.original import OpenOriginal, RenderFailed
from services.rendering.pictures import write_pictures
from services.rendering.written import describe

#: So many pictures are looked at to find one that is neither black nor blurred.
_POSTER_CHOICE = 48
#: Of them together, held at once.
_POSTER_PIXELS = 200_000_000
_FIRST_POSTER_MS = 1000
_MOTION_RATE = 12
#: In widths: no camera makes films of another shape, but anybody can.
_TALLEST_TILE = 3
#: Longer films are not decoded for a board: it is made of key frames, as near as they are.
_SHORT_MS = 2 * 60 * 1000


def write_posters(
    original: OpenOriginal, film: Film, outputs: Sequence[WantedOutput], report: Report
) -> tuple[RenderedFile, ...]:
    """Write the poster of a film as each output asks: a typical picture after a tenth of it.

    Raises:
        RenderFailed: there is no such picture.
    """
    picture = require_picture(film)
    size = _size_for(picture, outputs)
    choice = max(1, min(_POSTER_CHOICE, _POSTER_PIXELS // (size[0] * size[1])))
    tenth = film.shown_ms // 10
    begins = max(tenth, _FIRST_POSTER_MS) if film.shown_ms >= 2 * _FIRST_POSTER_MS else tenth
    image = grab(original, picture, begins, size, report, choice=choice)
    image = grab_first(original, picture, size, report) if image is None else image
    return write_pictures(image, outputs)


def write_motion(
    original: OpenOriginal, film: Film, output: WantedOutput, recipe: MotionRecipe, report: Report
) -> tuple[RenderedFile, ...]:
    """Write a few seconds of a film, from a tenth of it on, as a silent animated WebP.

    Raises:
        RenderFailed: nothing is shown in these seconds.
    """
    picture = require_picture(film)
    length_ms = min(recipe.seconds * 1000, film.shown_ms)
    begins = min(film.shown_ms // 10, film.shown_ms - length_ms)
    size = fit_box(picture, (recipe.width, recipe.height))
    source = open_input(original, ss=begins / 1000, t=length_ms / 1000)
    stream = reduce(thin_out(source[str(picture.index)], _MOTION_RATE), picture, size)
    # WebP knows BT.601 alone.
    stream = map_tones(stream, picture).filter(
        "scale", out_color_matrix="smpte170m", out_range="tv"
    )
    with part_of(output.path) as part:
        command = ffmpeg.output(
            stream.filter("format", "yuv420p"), f"file:{part}", **BARE, **_webp(recipe.quality)
        )
        write_output(command, part, original, duration_ms=length_ms, load=10, report=report)
    return (describe(output, width=size[0], height=size[1], duration_ms=length_ms),)


def write_storyboard(
    original: OpenOriginal,
    film: Film,
    output: WantedOutput,
    recipe: StoryboardRecipe,
    report: Report,
) -> tuple[RenderedFile, ...]:
    """Write one WebP of tiles: each shows the middle of its equal part of the film.

    Raises:
        RenderFailed: there is no picture at all.
    """
    picture = require_picture(film)
    height = round(recipe.tile_width * picture.height / picture.width)
    size = (recipe.tile_width, max(1, min(_TALLEST_TILE * recipe.tile_width, height)))
    count = recipe.columns * recipe.rows
    if film.shown_ms <= _SHORT_MS:
        tiles = grab_equal(original, picture, film.shown_ms, size, count, report)
    else:
        tiles = _seek_equal(original, picture, film.shown_ms, size, count, report)
    board = pyvips.Image.arrayjoin(tiles, across=recipe.columns)
    board.webpsave(output.path, Q=recipe.quality, effort=2, keep="none")
    return (describe(output, width=board.width, height=board.height, duration_ms=film.shown_ms),)


def _seek_equal(
    original: OpenOriginal,
    picture: Picture,
    length_ms: int,
    size: tuple[int, int],
    count: int,
    report: Report,
) -> list[Any]:
    tiles: list[Any] = []
    for number in range(count):
        told = partial(_tell_one_of, count, number, report)
        at_ms = length_ms * (2 * number + 1) // (2 * count)
        tile = grab(original, picture, at_ms, size, told, exactly=False)
        if tile is None:
            tile = tiles[-1] if tiles else grab_first(original, picture, size, told)
        tiles.append(tile)
    return tiles


def _tell_one_of(count: int, number: int, report: Report, share: float) -> None:
    report((number + share) / count)


def require_picture(film: Film) -> Picture:
    """Return the picture of a film.

    Raises:
        RenderFailed: it has none.
    """
    if film.picture is None:
        raise RenderFailed("not_applicable", "There is no picture in the film")
    return film.picture


def _size_for(picture: Picture, outputs: Sequence[WantedOutput]) -> tuple[int, int]:
    """Say how large the one decoded picture must be for all outputs: never enlarged."""
    plans = [
        plan_geometry(one.recipe, picture.width, picture.height).scaled
        for one in outputs
        if isinstance(one.recipe, PictureRecipe)
    ]
    width, height = (max(sides) for sides in zip(*plans, strict=True))
    scale = min(1.0, max(width / picture.width, height / picture.height))
    return max(1, round(picture.width * scale)), max(1, round(picture.height * scale))


def _webp(quality: int) -> dict[str, Any]:
    return {
        "format": "webp",
        "c:v": "libwebp",
        "quality": quality,
        "compression_level": 2,
        "loop": 0,
        "fps_mode": "vfr",
    }
