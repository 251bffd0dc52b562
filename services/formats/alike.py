"""How many assets of a share are alike to a recipe, counted where they are kept."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.shared_asset import SharedAsset
from services.formats.prediction import Predictable

_KNOWN = ("width", "height", "has_picture", "has_sound")


def count_alike(
    session: Session, share_id: UUID, *, position: int, withdrawn: Collection[int]
) -> dict[Predictable, int]:
    """Count the assets of which a recipe makes the same, in the order of the first of each.

    Args:
        session: an open session.
        share_id: of which share.
        position: of this asset only, or of all (0).
        withdrawn: the positions that do not count.
    """
    assets = select(
        SharedAsset.position,
        SharedAsset.kind,
        SharedAsset.media_type,
        *(SharedAsset.facts[name].label(name) for name in _KNOWN),
    ).where(SharedAsset.share_id == share_id, SharedAsset.position.not_in(sorted(withdrawn)))
    if position:
        assets = assets.where(SharedAsset.position == position)
    # A query of its own, so that the names inside the facts are the same parameters all over.
    inner = assets.subquery()
    alike = [inner.c[name] for name in ("kind", "media_type", *_KNOWN)]
    statement = select(func.count(), *alike).group_by(*alike).order_by(func.min(inner.c.position))
    counts: dict[Predictable, int] = {}
    for count, kind, media_type, *values in session.execute(statement):
        known = {name: value for name, value in zip(_KNOWN, values, strict=True) if value}
        one = Predictable(kind, media_type, **known)
        counts[one] = counts.get(one, 0) + count
    return counts
