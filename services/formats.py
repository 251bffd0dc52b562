"""The formats on offer, as recipes, and the content address that a recipe gives a rendition."""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Literal


@dataclass(frozen=True)
class Recipe:
    """All that shapes the pixels of a rendition: integers and enumerations only.

    The picture is turned upright, converted to sRGB and made to fit `box` pixels on its longer
    side, never enlarged; transparency is laid on white where the encoder knows none.
    """

    box: int
    encoder: Literal["jpeg", "webp"]
    quality: int
    background: Literal["white"] = "white"

    @property
    def media_type(self) -> str:
        """The media type of what the encoder writes."""
        return f"image/{self.encoder}"


@dataclass(frozen=True)
class Format:
    """A named recipe; the original is a format without one."""

    name: str
    label: str
    recipe: Recipe
    is_inline: bool


#: Bumped by hand when output should differ: an error in orientation or colour, a safer decoder.
ENGINES = {"image": 1}

THUMBNAIL = Format("thumbnail", "Thumbnail", Recipe(640, "webp", 78), is_inline=True)
WEB = Format("web", "Web", Recipe(1600, "jpeg", 82), is_inline=True)
LARGE = Format("large", "Large", Recipe(2560, "jpeg", 84), is_inline=False)
FORMATS = {one.name: one for one in (THUMBNAIL, WEB, LARGE)}

#: The name under which the file of the asset itself is offered.
ORIGINAL = "original"

#: The digest of no embedded metadata at all.
NO_METADATA = hashlib.sha256(b"").digest()


def recipe_digest(recipe: Recipe) -> bytes:
    """Sum up a recipe, with all its defaults written out."""
    text = json.dumps(asdict(recipe), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(b"recipe/1\n" + text.encode()).digest()


def rendition_key(source_sha256: bytes, recipe: Recipe, metadata: bytes, engine: str) -> str:
    """Make the content address of a rendition: 64 hex characters."""
    parts = (source_sha256, recipe_digest(recipe), metadata, f"{engine}{ENGINES[engine]}".encode())
    return hashlib.sha256(b"\n".join(part.hex().encode() for part in parts)).hexdigest()


def predict_size(recipe: Recipe, width: int, height: int) -> tuple[int, int]:
    """Say how large a rendition will be, in pixels, without decoding the original.

    Args:
        recipe: how it is made.
        width: of the upright original.
        height: of the upright original.
    """
    longer = max(width, height)
    if longer <= recipe.box:
        return width, height
    scale = recipe.box / longer
    return max(1, round(width * scale)), max(1, round(height * scale))
