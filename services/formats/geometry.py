"""How large a picture becomes under a recipe: the same arithmetic foretells it and makes it."""

from dataclasses import dataclass

from services.formats.recipes import PictureRecipe


@dataclass(frozen=True)
class Geometry:
    """What is done to the pixels: reduced to `scaled`, cut to `cropped`, laid on `canvas`."""

    scaled: tuple[int, int]
    cropped: tuple[int, int]
    canvas: tuple[int, int]


def plan_geometry(
    recipe: PictureRecipe, width: int, height: int, *, may_enlarge: bool = False
) -> Geometry:
    """Say what becomes of an upright picture of `width` × `height` pixels.

    Only `exact` enlarges, and what `may_enlarge` because it is a drawing.
    """
    if recipe.fit == "exact":
        exact = (recipe.width, recipe.height)
        return Geometry(exact, exact, exact)
    ratios = (recipe.width / width, recipe.height / height)
    scale = max(ratios) if recipe.fit == "cover" else min(ratios)
    if not may_enlarge:
        scale = min(scale, 1.0)
    scaled = (max(1, round(width * scale)), max(1, round(height * scale)))
    if recipe.fit == "cover":
        cropped = (min(scaled[0], recipe.width), min(scaled[1], recipe.height))
        return Geometry(scaled, cropped, cropped)
    if recipe.fit == "pad":
        return Geometry(scaled, scaled, (recipe.width, recipe.height))
    return Geometry(scaled, scaled, scaled)


def predict_size(
    recipe: PictureRecipe, width: int, height: int, *, may_enlarge: bool = False
) -> tuple[int, int]:
    """Say how large a rendition will be, in pixels, without decoding the original."""
    return plan_geometry(recipe, width, height, may_enlarge=may_enlarge).canvas
