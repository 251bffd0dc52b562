"""What came of the renditions of a share: how far they are, which failed, what was found inside."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.kinds import EventKind, RenditionState
from models.rendition import Inspection, Rendition, RenditionRef
from models.shared_asset import SharedAsset
from services.errors import RenditionsMissing
from services.history import event_key, record
from services.installation import Installation
from services.leases import Claim, hold
from services.moments import reach

_NOT_APPLICABLE = "not_applicable"


def finish_rendering(installation: Installation, claim: Claim) -> dict[str, int]:
    """Note what was found inside originals and what came of the renditions: made and failed.

    Raises:
        RenditionsMissing: some failed, and the request asks to stay closed then.
    """
    with installation.transaction() as session:
        share = hold(session, claim)
        counts = _count(session, share.id)
        _note_facts(session, share.id)
        _note_failures(session, share.id)
        record(
            session,
            EventKind.SHARE_RENDERED,
            key=event_key(share.id, "rendered"),
            share_id=share.id,
            payload=counts,
        )
        stays_closed = share.stays_closed_on_failure and counts["failed"]
        reach("publish:facts_noted")
    reach("publish:rendered")
    if stays_closed:
        raise RenditionsMissing(
            f"{counts['failed']} renditions failed, and the request asks to stay closed then:"
            " the history names them. Repair the originals and send a new request"
        )
    return counts


def measure_progress(installation: Installation, share_id: UUID) -> float:
    """Say how much of what a share needs is made, in percent; work that goes on counts in part."""
    done = func.coalesce(func.sum(Rendition.progress), 0)
    with installation.transaction() as session:
        needed, progress = session.execute(
            select(func.count(), done)
            .select_from(RenditionRef)
            .outerjoin(Rendition, Rendition.key == RenditionRef.key)
            .where(RenditionRef.share_id == share_id)
        ).one()
    return float(progress) / needed if needed else 100.0


def _count(session: Session, share_id: UUID) -> dict[str, int]:
    # A rendition that is needed under two names is one.
    key = func.distinct(RenditionRef.key)
    present = Rendition.state == RenditionState.PRESENT
    idle = Rendition.failure == _NOT_APPLICABLE
    needed, made, needless = session.execute(
        select(func.count(key), func.count(key).filter(present), func.count(key).filter(idle))
        .select_from(RenditionRef)
        .outerjoin(Rendition, Rendition.key == RenditionRef.key)
        .where(RenditionRef.share_id == share_id)
    ).one()
    return {"renditions": made, "failed": needed - made - needless}


def _note_failures(session: Session, share_id: UUID) -> None:
    """Tell of each asset whose renditions failed, now or for an earlier share."""
    rows = session.execute(
        select(
            SharedAsset.position,
            SharedAsset.asset_id,
            func.min(Rendition.failure),
            func.min(Rendition.failure_text),
            func.array_agg(RenditionRef.format.distinct()),
        )
        .join(RenditionRef, RenditionRef.share_id == SharedAsset.share_id)
        .join(Rendition, Rendition.key == RenditionRef.key)
        .where(
            SharedAsset.share_id == share_id,
            SharedAsset.position == RenditionRef.position,
            Rendition.state == RenditionState.FAILED,
            Rendition.failure != _NOT_APPLICABLE,
        )
        .group_by(SharedAsset.position, SharedAsset.asset_id)
    )
    for position, asset_id, failure, text, formats in rows:
        record(
            session,
            EventKind.RENDITION_FAILED,
            key=event_key(share_id, "rendition failed", position),
            share_id=share_id,
            position=position,
            payload={"failure": failure, "formats": sorted(formats)},
            person={"asset_id": asset_id, "message": text},
        )


def _note_facts(session: Session, share_id: UUID) -> None:
    """Keep with each asset what was found inside its first original."""
    rows = session.execute(
        select(SharedAsset, Inspection.facts)
        .join(Inspection, Inspection.sha256 == SharedAsset.sha256)
        .where(SharedAsset.share_id == share_id, SharedAsset.facts == {})
    )
    for asset, facts in rows:
        asset.facts = facts
