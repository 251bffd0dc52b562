"""Encode a finished picture: fast settings that were measured, and never any metadata."""

from typing import Any

from services.formats.recipes import PictureRecipe

_MILLIMETRES_PER_INCH = 25.4


def encode(image: Any, recipe: PictureRecipe, path: str) -> None:
    """Write a pyvips image to `path`; a profile is kept only where the recipe keeps the colours."""
    keep = "icc" if recipe.colour == "keep" else "none"
    if recipe.dpi:
        per_millimetre = recipe.dpi / _MILLIMETRES_PER_INCH
        image = image.copy(xres=per_millimetre, yres=per_millimetre)
    if recipe.encoder == "jpeg":
        _lay_on_ground(image, recipe).jpegsave(
            path, Q=recipe.quality, optimize_coding=True, interlace=True, keep=keep
        )
    elif recipe.encoder == "webp":
        image.webpsave(path, Q=recipe.quality, effort=2, keep=keep)
    elif recipe.encoder == "avif":
        # Effort 0: the default is ten times slower, and saves a quarter of the bytes.
        image.heifsave(path, Q=recipe.quality, effort=0, compression="av1", bitdepth=8, keep=keep)
    elif recipe.encoder == "png":
        image.pngsave(path, compression=3, keep=keep)
    else:
        image.tiffsave(path, compression="lzw", predictor="horizontal", keep=keep, resunit="inch")


def _lay_on_ground(image: Any, recipe: PictureRecipe) -> Any:
    if not image.hasalpha():
        return image
    colours = [int(recipe.background[at : at + 2], 16) for at in (1, 3, 5)]
    bands = image.bands - 1
    return image.flatten(background=colours if bands == len(colours) else [sum(colours) / 3])
