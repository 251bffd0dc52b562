"""What is no longer true: nothing is handed out by such a plan until there is a new one.

Pages are shown meanwhile: whatever they still say, the gate decides.
"""

from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from models.bundle import Bundle, Selection
from models.kinds import EventKind
from models.share import Share
from services.errors import MemberChanged, OriginalChanged
from services.history import event_key, record
from services.installation import Installation

#: Whoever plans anew is told through this channel.
CHANNEL = "bundles"


def mark_stale(
    installation: Installation, planned: Bundle | Selection, error: OriginalChanged | None = None
) -> None:
    """Note that a zip is not what was planned; a plan that was replaced meanwhile stays.

    `error` is what was found out about a source, if it was that.
    """
    suspects = [error.name] if isinstance(error, MemberChanged) else []
    values = {"stale_at": func.vitrine_now(), "suspects": suspects}
    if isinstance(planned, Bundle):
        position = planned.position
        statement = update(Bundle).where(Bundle.position == position)
        model: type[Bundle | Selection] = Bundle
    else:
        position = 0
        statement = update(Selection).where(Selection.digest == planned.digest)
        model = Selection
    statement = statement.where(
        model.share_id == planned.share_id,
        model.format == planned.format,
        model.etag == planned.etag,
        model.stale_at.is_(None),
    )
    with installation.transaction() as session:
        found = session.execute(statement.values(values).returning(model.stale_at)).first()
        if found is None:
            return
        record(
            session,
            EventKind.BUNDLE_STALE,
            key=event_key(planned.share_id, "stale", planned.plan_key, found.stale_at),
            share_id=planned.share_id,
            position=position or None,
            payload={"format": planned.format},
            person={"files": suspects} if suspects else {},
        )
        session.execute(select(func.pg_notify(CHANNEL, str(planned.share_id))))


def mark_withdrawn(session: Session, share_id: UUID, position: int) -> None:
    """Note that every zip and page that has an asset is stale, with the withdrawal that makes it so.

    A plan that is being made at this moment is stale too: it may have begun before.
    """
    now = func.vitrine_now()
    session.execute(
        update(Bundle).where(Bundle.share_id == share_id, Bundle.position == 0).values(stale_at=now)
    )
    session.execute(
        update(Selection)
        .where(Selection.share_id == share_id, Selection.positions.contains([position]))
        .values(stale_at=now)
    )
    mark_pages(session, share_id)


def mark_pages(session: Session, share_id: UUID) -> None:
    """Note that the pages of a share say something that is no longer true."""
    session.execute(
        update(Share).where(Share.id == share_id).values(page_stale_at=func.vitrine_now())
    )
    session.execute(select(func.pg_notify(CHANNEL, str(share_id))))
