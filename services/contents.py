"""Everything that pages and bundles of one share are made from, read once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.history import HistoryEvent, HistoryPerson
from models.kinds import WITH_PARTS, EventKind
from models.rendition import Rendition, RenditionRef
from models.share import Share
from models.shared_asset import SharedAsset
from services.bundles.manifest import AbsentAsset
from services.formats.catalogue import ORIGINAL, THUMBNAIL, Format
from services.formats.offered import read_custom, read_offered
from services.formats.recipes import PictureRecipe

#: Behind the name of a format: the same pixels, wrapped with what may be told of them.
TAKEN = "/take"


@dataclass(frozen=True)
class Contents:
    """A share with its assets; `renditions` by position, part (from 1) and name of the format."""

    share: Share
    assets: Sequence[SharedAsset]
    renditions: Mapping[tuple[int, int, str], Rendition]
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
    refs = (
        select(RenditionRef.position, RenditionRef.part, RenditionRef.format, Rendition)
        .join(Rendition, Rendition.key == RenditionRef.key)
        .where(*of_refs)
    )
    rows = session.execute(refs) if with_assets else ()
    renditions = {(place, part, name): rendition for place, part, name, rendition in rows}
    formats = {
        one.name: one for one in (*read_offered(session, share), *read_custom(session, share))
    }
    return Contents(share, assets, renditions, formats, _read_left_out(session, share))


def has_parts(asset: SharedAsset) -> bool:
    """Whether an asset's original is several files, which are taken together as a zip."""
    return asset.kind in WITH_PARTS


def find_rendition(
    contents: Contents, asset: SharedAsset, name: str, part: int = 1
) -> Rendition | None:
    """Find a rendition that exists."""
    rendition = contents.renditions.get((asset.position, part, name))
    return rendition if rendition is not None and rendition.is_present() else None


def find_taken(
    contents: Contents, asset: SharedAsset, name: str, part: int = 1
) -> Rendition | None:
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


def _read_left_out(session: Session, share: Share) -> list[AbsentAsset]:
    left_out = session.scalars(
        select(HistoryPerson.fields)
        .join(HistoryEvent, HistoryEvent.id == HistoryPerson.event_id)
        .where(HistoryEvent.share_id == share.id, HistoryEvent.kind == EventKind.ASSET_LEFT_OUT)
        .order_by(HistoryEvent.id)
    )
    return [AbsentAsset(fields["source_key"], fields["reason"]) for fields in left_out]
