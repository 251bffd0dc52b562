"""A plan that is no longer true: nothing is handed out by it until there is a new one."""

from sqlalchemy import func, select, update

from models.bundle import Bundle, Selection
from models.kinds import EventKind
from services.errors import MemberChanged, OriginalChanged
from services.history import event_key, record
from services.installation import Installation

#: Whoever plans anew is told through this channel.
CHANNEL = "bundles"


def mark_stale(
    installation: Installation, planned: Bundle | Selection, error: OriginalChanged
) -> None:
    """Note that a source is not what was planned; a plan that was replaced meanwhile stays."""
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
