"""Everything that pages and bundles of one share are made from, read once."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Text, cast, select
from sqlalchemy.orm import Session

from models.history import HistoryEvent, HistoryPerson
from models.kinds import WITH_PARTS, EventKind, RenditionState
from models.rendition import Rendition, RenditionRef, rendition_store_key
from models.share import Share
from models.shared_asset import SharedAsset
from services.bundles.manifest import AbsentAsset
from services.formats.catalogue import ORIGINAL, THUMBNAIL, Format
from services.formats.offered import read_custom, read_offered
from services.formats.recipes import PictureRecipe

#: Behind the name of a format: the same pixels, wrapped with what may be told of them.
TAKEN = "/take"
_ROWS_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class KnownRendition:
    """A rendition as pages and zips know it: the columns of its row that they are made from.

    A share of ten thousand assets has sixty thousand: mapped rows would be most of the memory of its
    publication.
    """

    key: str
    generation: int
    state: RenditionState
    recipe: Mapping[str, Any]
    media_type: str
    size_bytes: int
    sha256: bytes
    crc32: int
    width: int
    height: int
    duration_ms: int
    placeholder: str
    failure: str
    wraps: str
    wrapped_bytes: int
    splices: list[list[Any]] | None

    @property
    def store_key(self) -> str:
        """Where the bytes lie in the store."""
        return rendition_store_key(self.key, self.generation)

    def is_present(self) -> bool:
        """Whether there are bytes to be had."""
        return self.state is RenditionState.PRESENT


@dataclass(frozen=True)
class Contents:
    """A share with its assets; `renditions` by position, part (from 1) and name of the format."""

    share: Share
    assets: Sequence[SharedAsset]
    renditions: Mapping[tuple[int, int, str], KnownRendition]
    formats: Mapping[str, Format]
    left_out: Sequence[AbsentAsset]

    def label(self, name: str) -> str:
        """Say what people call a format."""
        return self.formats[name].label if name in self.formats else name


def read_contents(
    session: Session, share: Share, *, position: int = 0, with_assets: bool = True
) -> Contents:
    """Read the assets of a share with their renditions; with `position` only that asset.

    Not `with_assets`, only what is true of the share as a whole.
    """
    of_share = [SharedAsset.share_id == share.id]
    of_refs = [RenditionRef.share_id == share.id]
    if position:
        of_share.append(SharedAsset.position == position)
        of_refs.append(RenditionRef.position == position)
    ordered = select(SharedAsset).where(*of_share).order_by(SharedAsset.position)
    assets = session.scalars(ordered).all() if with_assets else ()
    renditions = dict(_read_renditions(session, of_refs)) if with_assets else {}
    formats = {
        one.name: one for one in (*read_offered(session, share), *read_custom(session, share))
    }
    return Contents(share, assets, renditions, formats, _read_left_out(session, share))


def has_parts(asset: SharedAsset) -> bool:
    """Whether an asset's original is several files, which are taken together as a zip."""
    return asset.kind in WITH_PARTS


def find_rendition(
    contents: Contents, asset: SharedAsset, name: str, part: int = 1
) -> KnownRendition | None:
    """Find a rendition that exists."""
    rendition = contents.renditions.get((asset.position, part, name))
    return rendition if rendition is not None and rendition.is_present() else None


def find_taken(
    contents: Contents, asset: SharedAsset, name: str, part: int = 1
) -> KnownRendition | None:
    """Find what leaves the house when a format is taken: wrapped, where there is what to say."""
    return find_rendition(contents, asset, name + TAKEN, part) or find_rendition(
        contents, asset, name, part
    )


def choose_format(contents: Contents, asset: SharedAsset, name: str) -> str:
    """Choose in which format an asset stands in the zip of a format; "" where it is absent.

    The format itself where it exists, else another that the share offers (the film of a zip of
    pictures), else the original.
    """
    others = [one for one in contents.share.formats if one not in {name, ORIGINAL}]
    for one in (name, *others):
        if one != ORIGINAL and find_taken(contents, asset, one) is not None:
            return one
    return ORIGINAL if ORIGINAL in contents.share.formats else ""


def list_bundle_formats(contents: Contents) -> list[str]:
    """List the formats that have a zip of the whole share: those of what it holds most of.

    Films and sounds stand in the zips of pictures; only where there are no pictures have they zips
    of their own.
    """
    names = [one for one in contents.share.formats if one != ORIGINAL]
    made = [
        one for one in names if any(find_taken(contents, asset, one) for asset in contents.assets)
    ]
    pictures = [one for one in made if isinstance(contents.formats[one].recipe, PictureRecipe)]
    chosen = {ORIGINAL, *(pictures or made)}
    return [one for one in contents.share.formats if one in chosen]


def find_cover(contents: Contents, asset: SharedAsset) -> int:
    """Find the part whose picture stands for the asset (from 1), 0 where there is none."""
    numbers = range(1, len(asset.parts) + 1)
    return next((n for n in numbers if find_rendition(contents, asset, THUMBNAIL.name, n)), 0)


def _read_renditions(
    session: Session, wanted: Sequence[ColumnElement[bool]]
) -> Iterator[tuple[tuple[int, int, str], KnownRendition]]:
    """Read renditions with their places; what many have in common is kept once."""
    place = RenditionRef.position, RenditionRef.part, RenditionRef.format
    columns = [
        cast(Rendition.recipe, Text) if name == "recipe" else getattr(Rendition, name)
        for name in KnownRendition.__dataclass_fields__
    ]
    rows = session.execute(
        select(*place, *columns)
        .join(Rendition, Rendition.key == RenditionRef.key)
        .where(*wanted)
        .execution_options(yield_per=_ROWS_AT_ONCE)
    )
    for position, part, name, key, generation, state, recipe, media_type, *rest in rows:
        known = _read_recipe(recipe), sys.intern(media_type)
        yield (
            (position, part, sys.intern(name)),
            KnownRendition(key, generation, state, *known, *rest),
        )


@lru_cache(maxsize=256)
def _read_recipe(text: str) -> Mapping[str, Any]:
    recipe: Mapping[str, Any] = orjson.loads(text)
    return recipe


def _read_left_out(session: Session, share: Share) -> list[AbsentAsset]:
    left_out = session.scalars(
        select(HistoryPerson.fields)
        .join(HistoryEvent, HistoryEvent.id == HistoryPerson.event_id)
        .where(HistoryEvent.share_id == share.id, HistoryEvent.kind == EventKind.ASSET_LEFT_OUT)
        .order_by(HistoryEvent.id)
    )
    return [AbsentAsset(fields["source_key"], fields["reason"]) for fields in left_out]
