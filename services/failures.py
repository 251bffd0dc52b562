"""What is left to say after a publication ended without opening its share."""

from sqlalchemy import select

from models.kinds import EventKind, ShareState
from models.share import Share
from services.history import event_key, record
from services.installation import Installation
from services.leases import release


def note_publication_failure(installation: Installation, *, run: str, state: str) -> None:
    """Write the failure to the history of the share that this run held, and free its lease."""
    statement = select(Share).where(Share.lease_holder == run, Share.state == ShareState.PUBLISHING)
    with installation.transaction() as session:
        share = session.scalar(statement.with_for_update())
        if share is None:
            return
        record(
            session,
            EventKind.PUBLICATION_FAILED,
            key=event_key(share.id, "failed", run),
            share_id=share.id,
            payload={"run": run, "state": state},
        )
        release(session, share.id, holder=run)
