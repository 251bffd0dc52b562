"""What somebody may wish for: a format of the catalogue, or a custom one within bounds.

The same model is the run form in Prefect's UI, the JSON of the DAM's backend and, field by field, the
plain form on a page. Options are enumerations and bounded numbers: nobody reaches an encoder's own.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from services.formats.catalogue import NAME_PATTERN, Format
from services.formats.recipes import (
    FilmRecipe,
    PictureRecipe,
    Recipe,
    SoundRecipe,
    recipe_digest,
)
from services.requests import UUID_PATTERN, number_fields

LONGEST_EDGE = 8192
#: WebP ends at 16,383; beyond 4096 AVIF and WebP cost more than they save.
_LONGEST_WEB_EDGE = 4096
_MOST_PIXELS = 40_000_000
_LOSSLESS = frozenset({"png", "tiff"})
_UNCOMPRESSED = frozenset({"flac", "wav"})
_LABELS = {"h264": "MP4", "vp9": "WebM, VP9", "av1": "WebM, AV1"}


class CustomFormat(BaseModel):
    """A custom format: which fields count depends on `medium`."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra=number_fields)

    medium: Literal["picture", "film", "sound"] = Field(
        default="picture", title="Medium", description="What is made: a picture, a film or a sound."
    )
    encoder: Literal["jpeg", "png", "webp", "avif", "tiff"] = Field(
        default="jpeg", title="Picture: file type", description="How the picture is stored."
    )
    width: int = Field(
        default=1600, ge=16, le=LONGEST_EDGE, title="Picture: width", description="In pixels."
    )
    height: int = Field(
        default=1600, ge=16, le=LONGEST_EDGE, title="Picture: height", description="In pixels."
    )
    fit: Literal["inside", "cover", "pad", "exact"] = Field(
        default="inside",
        title="Picture: fit",
        description="inside the box, cover it and cut the rest, pad with the background, or exact.",
    )
    crop: Literal["centre", "attention"] = Field(
        default="attention",
        title="Picture: what is kept",
        description="When it is cut: the centre, or what draws attention.",
    )
    quality: int = Field(
        default=82, ge=30, le=95, title="Picture: quality", description="30 to 95; PNG, TIFF: full."
    )
    colour: Literal["srgb", "grey", "keep"] = Field(
        default="srgb",
        title="Picture: colours",
        description="srgb for screens, grey, or keep: those of the original with their profile.",
    )
    dpi: Literal[0, 72, 96, 150, 300, 600] = Field(
        default=0, title="Picture: dpi", description="A note for printing; 0 writes none."
    )
    background: str = Field(
        default="#ffffff",
        title="Picture: background",
        description="Behind transparency and around what is padded, as #ffffff.",
        pattern=r"^#[0-9a-f]{6}$",
    )
    film_height: Literal[240, 360, 480, 720, 1080, 1440, 2160] = Field(
        default=720, title="Film: height", description="The shorter side at most, in pixels."
    )
    film_codec: Literal["h264", "vp9", "av1"] = Field(
        default="h264",
        title="Film: codec",
        description="h264 plays everywhere; the others are free.",
    )
    film_kbit: int = Field(
        default=0, ge=0, le=50_000, title="Film: kbit/s", description="0: as much as quality needs."
    )
    sound_codec: Literal["aac", "mp3", "opus", "flac", "wav"] = Field(
        default="mp3", title="Sound: codec", description="How the sound is stored."
    )
    sound_kbit: Literal[64, 96, 128, 160, 192, 256, 320] = Field(
        default=192, title="Sound: kbit/s", description="flac and wav lose nothing and need none."
    )

    @model_validator(mode="after")
    def _check_size(self) -> "CustomFormat":
        longer = max(self.width, self.height)
        if self.width * self.height > _MOST_PIXELS:
            raise ValueError(
                f"width × height may be {_MOST_PIXELS // 1_000_000} megapixels at most"
            )
        if self.encoder in {"webp", "avif"} and longer > _LONGEST_WEB_EDGE:
            raise ValueError(
                f"{self.encoder} pictures have {_LONGEST_WEB_EDGE} pixels a side at most"
            )
        if self.colour == "keep" and self.encoder not in {"jpeg", "tiff"}:
            raise ValueError("only jpeg and tiff keep the colours of the original")
        return self

    def to_format(self) -> Format:
        """Make the format; equal wishes have the same name, whatever else was filled in."""
        recipe = self._to_recipe()
        return Format(f"c-{recipe_digest(recipe).hex()[:12]}", say_recipe(recipe), recipe)

    def _to_recipe(self) -> Recipe:
        if self.medium == "film":
            return FilmRecipe(self.film_height, self.film_codec, self.film_kbit)
        if self.medium == "sound":
            kbit = 0 if self.sound_codec in _UNCOMPRESSED else self.sound_kbit
            return SoundRecipe(self.sound_codec, kbit)
        # What does nothing is written in one way, so that it makes no other recipe.
        return PictureRecipe(
            self.width,
            self.height,
            self.encoder,
            quality=100 if self.encoder in _LOSSLESS else self.quality,
            fit=self.fit,
            crop=self.crop if self.fit == "cover" else "centre",
            colour=self.colour,
            dpi=self.dpi if self.encoder not in {"webp", "avif"} else 0,
            background=self.background,
        )


class FormatWish(BaseModel):
    """A wish for a format of one asset of a share, or of all of them."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra=number_fields)

    share: str = Field(
        default="",
        title="Share",
        description="The share's id, or the request key that made it.",
        max_length=200,
    )
    owner: str = Field(
        default="",
        title="Owner",
        description="The owner, where several used the same request key.",
        max_length=200,
    )
    asset_id: str = Field(
        default="",
        title="Asset",
        description="The DAM's id of one asset of the share. Empty: all to which the format applies.",
        max_length=1000,
    )
    format: str = Field(
        default="",
        title="Format",
        description="The name of a format of the catalogue. Empty: the custom format below.",
        pattern=f"^({NAME_PATTERN})?$",
    )
    custom: CustomFormat = Field(
        default=CustomFormat(), title="Custom format", description="Where no format is named."
    )
    request: str = Field(
        default="",
        title="Request",
        description="What the doors wrote down is named here by the standby; leave it empty.",
        pattern=rf"^({UUID_PATTERN})?$",
    )


def read_custom_form(fields: dict[str, str]) -> CustomFormat:
    """Read a custom format from the fields of a plain form; what is empty is as usual.

    Raises:
        ValueError: a field is out of its bounds; the text says which and how.
    """
    known = {name: fields[name] for name in CustomFormat.model_fields if fields.get(name)}
    values: dict[str, Any] = {
        name: int(text) if text.isdecimal() else text for name, text in known.items()
    }
    try:
        return CustomFormat(**values)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = str(first["loc"][0]) if first["loc"] else ""
        title = CustomFormat.model_fields[field].title if field else ""
        words = str(first["msg"]).removeprefix("Value error, ")
        raise ValueError(f"{title}: {words}" if title else words) from error


def say_recipe(recipe: Recipe) -> str:
    """Say a recipe as people would: `JPEG, 800 × 800, cut`, `MP4, 720 p`, `MP3, 192 kbit/s`."""
    if isinstance(recipe, FilmRecipe):
        kbit = f", {recipe.bitrate_kbit} kbit/s" if recipe.bitrate_kbit else ""
        return f"{_LABELS[recipe.codec]}, {recipe.height} p{kbit}"
    if isinstance(recipe, SoundRecipe):
        kbit = f", {recipe.bitrate_kbit} kbit/s" if recipe.bitrate_kbit else ""
        return f"{recipe.codec.upper()}{kbit}"
    if not isinstance(recipe, PictureRecipe):
        return recipe.media_type
    words = [recipe.encoder.upper(), f"{recipe.width} × {recipe.height}"]
    words += {"cover": ["cut"], "pad": ["padded"], "exact": ["stretched"]}.get(recipe.fit, [])
    words += {"grey": ["grey"], "keep": ["own colours"]}.get(recipe.colour, [])
    words += [f"quality {recipe.quality}"] if recipe.encoder not in _LOSSLESS else []
    return ", ".join([*words, *([f"{recipe.dpi} dpi"] if recipe.dpi else [])])
