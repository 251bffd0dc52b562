"""Make again what the store has lost and can be made again: renditions, pages and plans."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from models.base import new_id
from models.bundle import Bundle, Selection
from models.format_request import FormatRequest
from models.kinds import EventKind, RenditionState, RequestState
from models.rendition import Rendition, RenditionRef
from models.share import WAS_OPEN, Share
from services.batches import batched
from services.errors import VitrineError
from services.history import event_key, record
from services.installation import Installation
from services.leases import Claim
from services.moments import reach
from services.rebuilding import refresh
from services.renditions import Chunk, render_chunk
from services.store_check import StoreReport, look
from services.wrapping import wrap_downloads

log = logging.getLogger(__name__)
_BATCH = 1000


def mend(installation: Installation, report: StoreReport) -> StoreReport:
    """Make again what was found missing or wrong, put it on record, and look once more.

    One thing that cannot be made again does not stop the others. A rendition whose original is gone stays missing: only the DAM can bring that back.
    """
    if report.is_sound():
        return report
    lost = [*report.missing, *report.wrong]
    shares = _unmake(installation, lost)
    for share_id, positions in shares.items():
        _render(installation, share_id, positions)
    for share_id in {*report.plans, *report.pages, *shares}:
        _make_anew(installation, share_id)
        reach("mend:page_rebuilt")
    after = look(installation)
    _note(installation, report, after)
    return after


def _unmake(installation: Installation, keys: Sequence[str]) -> dict[UUID, tuple[int, ...]]:
    """Take back that these exist, so that they are made again; say whose they are."""
    needed: dict[UUID, set[int]] = {}
    for some in batched(keys, _BATCH):
        with installation.transaction() as session:
            # What wraps them counts on bytes that may come out different this time.
            session.execute(delete(Rendition).where(Rendition.wraps.in_(some)))
            session.execute(
                update(Rendition)
                .where(Rendition.key.in_(some), Rendition.state == RenditionState.PRESENT)
                .values(
                    state=RenditionState.MAKING,
                    maker="",
                    lease_until=func.vitrine_now() - timedelta(seconds=1),
                    progress=0,
                )
            )
            for share_id, position in _find_needing(session, some):
                needed.setdefault(share_id, set()).add(position)
            _ask_again(session, some)
        reach("mend:unmade")
    return {share_id: tuple(sorted(found)) for share_id, found in needed.items()}


def _find_needing(session: Session, keys: Sequence[str]) -> list[tuple[UUID, int]]:
    statement = (
        select(RenditionRef.share_id, RenditionRef.position)
        .join(Share, Share.id == RenditionRef.share_id)
        .where(RenditionRef.key.in_(keys), Share.state.in_(WAS_OPEN))
        .distinct()
    )
    return list(session.execute(statement))


def _ask_again(session: Session, keys: Sequence[str]) -> None:
    """Have formats that were made to order made again by whoever makes formats."""
    lost = select(RenditionRef.share_id, RenditionRef.format).where(RenditionRef.key.in_(keys))
    pairs = list(session.execute(lost.distinct()))
    for share_id, name in pairs:
        session.execute(
            update(FormatRequest)
            .where(
                FormatRequest.share_id == share_id,
                FormatRequest.format == name,
                FormatRequest.state == RequestState.DONE,
            )
            .values(state=RequestState.WAITING, attempts=0, ended_at=None)
        )


def _render(installation: Installation, share_id: UUID, positions: tuple[int, ...]) -> None:
    with installation.transaction() as session:
        claim = Claim(share_id, session.get_one(Share, share_id).fence)
    for position in positions:
        try:
            render_chunk(installation, Chunk(claim, (position,)))
        except VitrineError as error:
            log.warning("share %s: asset %d: %s", share_id, position, type(error).__name__)
    wrap_downloads(installation, claim)


def _make_anew(installation: Installation, share_id: UUID) -> None:
    """Plan every zip of a share anew, and build its pages."""
    now = func.vitrine_now()
    with installation.transaction() as session:
        session.execute(update(Share).where(Share.id == share_id).values(page_stale_at=now))
        for model in (Bundle, Selection):
            session.execute(
                update(model)
                .where(model.share_id == share_id, model.stale_at.is_(None))
                .values(stale_at=now)
            )
    reach("mend:plans_stale")
    refresh(installation, share_id)


def _note(installation: Installation, before: StoreReport, after: StoreReport) -> None:
    with installation.transaction() as session:
        record(
            session,
            EventKind.STORE_MENDED,
            key=event_key("mended", new_id()),
            payload={"found": before.count(), "left": after.count()},
        )
