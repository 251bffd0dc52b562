"""Recipes: all that shapes what a rendition contains, and the content address it gives it.

A recipe holds integers and enumerations only, with its defaults written out, so that equal wishes
of two people fall on the same digest. What would let a recipient reach an encoder's own options
(presets, efforts, filters) is no field of a recipe.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, Literal

PictureEncoder = Literal["jpeg", "webp", "avif", "png", "tiff"]
Fit = Literal["inside", "cover", "pad", "exact"]
Crop = Literal["centre", "attention"]
Colour = Literal["srgb", "grey", "keep"]
FilmCodec = Literal["h264", "vp9", "av1"]
SoundCodec = Literal["aac", "mp3", "opus", "flac", "wav"]


@dataclass(frozen=True)
class PictureRecipe:
    """A still picture: upright, never enlarged unless `fit` asks for an exact size.

    `width` and `height` (pixels) are the box. `inside` fits into it, `cover` fills it and cuts what
    is over (at the centre, or where attention goes), `pad` fits inside and fills up with
    `background`, `exact` stretches. Transparency is laid on `background` where the encoder knows
    none. `dpi` is a tag and no more, 0 for none. `page` (from 1) is that of a document.
    `colour`: `keep` leaves pixels and profile of the original as they are, CMYK too.
    """

    width: int
    height: int
    encoder: PictureEncoder
    quality: int = 80
    fit: Fit = "inside"
    crop: Crop = "centre"
    colour: Colour = "srgb"
    dpi: int = 0
    background: str = "#ffffff"
    page: int = 1

    @property
    def media_type(self) -> str:
        """The media type of what the encoder writes."""
        return f"image/{self.encoder}"


@dataclass(frozen=True)
class MotionRecipe:
    """A short silent moving picture (animated WebP) inside `width` × `height` pixels.

    Of an animation all of it, of a film the first `seconds` from a tenth of its length on.
    """

    width: int
    height: int
    seconds: int = 3
    quality: int = 60

    @property
    def media_type(self) -> str:
        """Animated WebP."""
        return "image/webp"


@dataclass(frozen=True)
class StoryboardRecipe:
    """Pictures of a film at equal distances, in one WebP of `columns` × `rows` tiles."""

    tile_width: int = 240
    columns: int = 5
    rows: int = 4
    quality: int = 70

    @property
    def media_type(self) -> str:
        """One WebP."""
        return "image/webp"


@dataclass(frozen=True)
class FilmRecipe:
    """A film for the web: at most `height` pixels on its shorter side, never enlarged.

    `bitrate_kbit` 0 means constant quality. Where the original already is such a film, its streams
    are copied and not encoded again.
    """

    height: int
    codec: FilmCodec = "h264"
    bitrate_kbit: int = 0
    audio_kbit: int = 128

    @property
    def media_type(self) -> str:
        """MP4 for H.264, WebM for the free codecs."""
        return "video/mp4" if self.codec == "h264" else "video/webm"


@dataclass(frozen=True)
class SoundRecipe:
    """A sound for the web; `bitrate_kbit` means nothing to `flac` and `wav`."""

    codec: SoundCodec
    bitrate_kbit: int = 160

    @property
    def media_type(self) -> str:
        """The media type of the container that the codec is put in."""
        names = {"aac": "mp4", "mp3": "mpeg", "opus": "ogg", "flac": "flac", "wav": "wav"}
        return f"audio/{names[self.codec]}"


@dataclass(frozen=True)
class PeaksRecipe:
    """The outline of a sound: `count` loudest values of equal pieces, one byte each."""

    count: int = 400

    @property
    def media_type(self) -> str:
        """Plain bytes: a page draws them."""
        return "application/octet-stream"


@dataclass(frozen=True)
class TextRecipe:
    """The text of a text file or a PDF as UTF-8, at most `longest_bytes` of it."""

    longest_bytes: int = 100_000

    @property
    def media_type(self) -> str:
        """Plain text."""
        return "text/plain"


@dataclass(frozen=True)
class SubtitlesRecipe:
    """Subtitles (SubRip or WebVTT) as WebVTT."""

    version: int = 1

    @property
    def media_type(self) -> str:
        """WebVTT (W3C)."""
        return "text/vtt"


Recipe = (
    PictureRecipe
    | MotionRecipe
    | StoryboardRecipe
    | FilmRecipe
    | SoundRecipe
    | PeaksRecipe
    | TextRecipe
    | SubtitlesRecipe
)

_RECIPES: dict[str, type[Recipe]] = {
    "picture": PictureRecipe,
    "motion": MotionRecipe,
    "storyboard": StoryboardRecipe,
    "film": FilmRecipe,
    "sound": SoundRecipe,
    "peaks": PeaksRecipe,
    "text": TextRecipe,
    "subtitles": SubtitlesRecipe,
}
_NAMES = {recipe: name for name, recipe in _RECIPES.items()}

#: Bumped by hand when output should differ: an error in orientation or colour, a safer decoder.
ENGINES: dict[type[Recipe], str] = {
    PictureRecipe: "picture/2",
    MotionRecipe: "motion/1",
    StoryboardRecipe: "storyboard/1",
    FilmRecipe: "film/1",
    SoundRecipe: "sound/1",
    PeaksRecipe: "peaks/1",
    TextRecipe: "text/1",
    SubtitlesRecipe: "subtitles/1",
}

#: The digest of no embedded metadata at all.
NO_METADATA = hashlib.sha256(b"").digest()


def write_recipe(recipe: Recipe) -> dict[str, Any]:
    """Write a recipe as JSON values; `kind` says which one it is."""
    return {"kind": _NAMES[type(recipe)], **asdict(recipe)}


def read_recipe(fields: Mapping[str, Any]) -> Recipe:
    """Read a recipe from its JSON values."""
    values = dict(fields)
    return _RECIPES[values.pop("kind")](**values)


@lru_cache(maxsize=1024)
def recipe_digest(recipe: Recipe) -> bytes:
    """Sum up a recipe, with all its defaults written out."""
    text = json.dumps(
        write_recipe(recipe), sort_keys=True, separators=(",", ":"), ensure_ascii=True
    )
    return hashlib.sha256(b"recipe/2\n" + text.encode()).digest()


def rendition_key(source_sha256: bytes, recipe: Recipe, metadata: bytes = NO_METADATA) -> str:
    """Make the content address of a rendition: 64 hex characters."""
    engine = ENGINES[type(recipe)].encode()
    parts = (source_sha256, recipe_digest(recipe), metadata, engine)
    return hashlib.sha256(b"\n".join(part.hex().encode() for part in parts)).hexdigest()
