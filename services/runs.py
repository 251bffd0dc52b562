"""Which flow runs were asked something of a share; what they were asked stands with whoever ran them."""

from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models.share_run import ShareRun
from services.errors import ShareNotFound
from services.installation import Installation
from services.lifecycle import ENDED
from services.shares import find_share


def note_run(session: Session, share_id: UUID, run: str) -> None:
    """Note that a run works for a share, so that a purge can have it forgotten."""
    values = {"share_id": share_id, "run": run}
    session.execute(insert(ShareRun).values(values).on_conflict_do_nothing())


def note_change(installation: Installation, key: str, run: str) -> None:
    """Note a run that was asked to change the share with this key, before it does."""
    with installation.transaction() as session:
        try:
            share = find_share(session, key)
        except ShareNotFound:
            return
        if share.state not in ENDED:
            note_run(session, share.id, run)
