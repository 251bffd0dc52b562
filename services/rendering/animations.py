"""Animations (GIF, WebP): all frames in one file, reduced together."""

import pyvips

from services.formats.facts import Facts
from services.formats.recipes import MotionRecipe
from services.rendering.orders import RenderedFile, WantedOutput
from services.rendering.original import OpenOriginal, RenderFailed
from services.rendering.written import describe

_MOST_FRAMES = 300
#: Of all frames together: they are held in memory at once.
_MOST_PIXELS = 120_000_000
_LARGEST_BYTES = 100_000_000


def write_animation(
    original: OpenOriginal, facts: Facts, output: WantedOutput, recipe: MotionRecipe
) -> RenderedFile:
    """Write all frames of an animation as one animated WebP.

    Raises:
        RenderFailed: it does not move, or has too many frames to be held in memory.
    """
    if facts.frames <= 1:
        raise RenderFailed("not_applicable", "The picture does not move")
    if facts.frames > _MOST_FRAMES or facts.frames * facts.width * facts.height > _MOST_PIXELS:
        raise RenderFailed("not_applicable", "The animation is too long to be shown moving")
    image = pyvips.Image.thumbnail_buffer(
        original.read(_LARGEST_BYTES),
        recipe.width,
        height=recipe.height,
        size="down",
        option_string="n=-1",
        fail_on="truncated",
    )
    image.webpsave(output.path, Q=recipe.quality, effort=2, keep="none")
    return describe(
        output, width=image.width, height=image.get("page-height"), duration_ms=_sum_delays(image)
    )


def _sum_delays(image: pyvips.Image) -> int:
    return sum(image.get("delay")) if image.get_typeof("delay") else 0
