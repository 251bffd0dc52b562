"""Which renditions an asset of a share needs: for its pages, and for what may be taken of it.

What depends on the inside of an original (the pages of a document, whether a picture moves) is
needed only once somebody has looked into it; until then that first look is what is needed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.kinds import AssetKind
from models.share import Share
from models.shared_asset import SharedAsset
from services.formats.catalogue import (
    FRAME,
    MOVING,
    PAGES,
    PEAKS,
    PLAY_FILM,
    PLAY_SOUND,
    STORYBOARD,
    SUBTITLES,
    TEXT,
    THUMBNAIL,
    VIEW,
    Format,
)
from services.formats.facts import Facts
from services.formats.office import OFFICE_TYPES
from services.formats.recipes import FilmRecipe, PictureRecipe, Recipe, SoundRecipe, rendition_key
from services.sniffing import is_picture

_MOVING_TYPES = frozenset({"image/gif", "image/webp"})
#: Shorter films are seen as quickly as their storyboard.
_SHORTEST_STORY_MS = 10_000
_SUBTITLE_TYPES = frozenset({"text/vtt", "application/x-subrip"})
_PICTURED = (THUMBNAIL, VIEW)

#: What was found inside originals, by the SHA-256 of their content in hex.
FactsByContent = Mapping[str, Facts]


@dataclass(frozen=True, slots=True)
class Need:
    """One rendition of one part of an asset; `key` is its content address."""

    position: int
    part: int
    format: str
    recipe: Recipe
    key: str


def list_needs(
    share: Share,
    asset: SharedAsset,
    formats: Sequence[Format],
    facts: FactsByContent,
    *,
    converts_office: bool = False,
) -> list[Need]:
    """List what an asset needs, as far as is known; `formats` are those that the share offers."""
    taken = formats if share.is_downloadable else ()
    return [
        make_need(asset, number, one)
        for number, part in enumerate(asset.parts, 1)
        if is_renderable(part, converts_office=converts_office)
        for one in _list_formats(asset, number, part, taken, facts.get(part["sha256"]))
    ]


def make_need(asset: SharedAsset, number: int, one: Format) -> Need:
    """Describe one rendition of the part with this number (from 1)."""
    content = bytes.fromhex(asset.parts[number - 1]["sha256"])
    return Need(asset.position, number, one.name, one.recipe, rendition_key(content, one.recipe))


def is_renderable(part: Mapping[str, Any], *, converts_office: bool = True) -> bool:
    """Whether anything can be made of an original of this type."""
    media_type = str(part["media_type"])
    return (
        is_picture(media_type)
        or media_type.startswith(("video/", "audio/"))
        or media_type in {"application/pdf", "text/plain", "text/csv", "text/markdown"}
        or media_type in _SUBTITLE_TYPES
        or (converts_office and media_type in OFFICE_TYPES)
    )


def offers(recipe: Recipe, kind: AssetKind) -> bool:
    """Whether assets of this kind are offered in a format without anybody asking for it."""
    return (
        (isinstance(recipe, PictureRecipe) and kind is AssetKind.IMAGE)
        or (isinstance(recipe, FilmRecipe) and kind is AssetKind.VIDEO)
        or (isinstance(recipe, SoundRecipe) and kind is AssetKind.AUDIO)
    )


def _list_formats(
    asset: SharedAsset,
    number: int,
    part: Mapping[str, Any],
    taken: Sequence[Format],
    facts: Facts | None,
) -> Iterator[Format]:
    if part["media_type"] in _SUBTITLE_TYPES:
        yield from (SUBTITLES,) if part.get("role") == "subtitles" else ()
        return
    kind = AssetKind(part["kind"])
    if part.get("is_frame"):
        yield from _list_for_frame(asset, number, part)
        return
    if kind is AssetKind.IMAGE:
        yield from _list_for_picture(part, facts)
    elif kind is AssetKind.VIDEO:
        yield from _list_for_film(facts)
    elif kind is AssetKind.AUDIO:
        yield from (PEAKS, PLAY_SOUND)
        yield from _PICTURED if facts and facts.has_picture else ()
    else:
        yield from _list_for_document(part, facts)
    if number == 1 and asset.kind is kind:
        yield from (one for one in taken if offers(one.recipe, kind))


def _list_for_frame(asset: SharedAsset, number: int, part: Mapping[str, Any]) -> Iterator[Format]:
    before = asset.parts[number - 2] if number > 1 else None
    if before is None or before.get("entry") != part.get("entry"):
        yield THUMBNAIL
    yield FRAME


def _list_for_picture(part: Mapping[str, Any], facts: Facts | None) -> Iterator[Format]:
    yield from _PICTURED
    if facts and facts.frames > 1 and part["media_type"] in _MOVING_TYPES:
        yield MOVING


def _list_for_film(facts: Facts | None) -> Iterator[Format]:
    if facts and not facts.has_picture:
        yield from (PEAKS, PLAY_SOUND)
        return
    yield from (*_PICTURED, MOVING, PLAY_FILM)
    if facts is None or facts.duration_ms >= _SHORTEST_STORY_MS:
        yield STORYBOARD


def _list_for_document(part: Mapping[str, Any], facts: Facts | None) -> Iterator[Format]:
    if part["media_type"] == "application/pdf" or part["media_type"] in OFFICE_TYPES:
        yield from (THUMBNAIL, *PAGES[: max(1, facts.pages if facts else 1)])
    if facts is None or facts.has_text:
        yield TEXT
