"""Mark shares whose time is over. The gate needs no mark: it goes by the clock, on the millisecond."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select

from models.kinds import ShareState
from models.share import Share
from services.installation import Installation
from services.lifecycle import move_all
from services.moments import reach

_BATCH = 1000


def expire_shares(installation: Installation) -> list[UUID]:
    """Mark every open share whose time is over by the database's clock, and return which.

    Shares that somebody changes at this moment are left to the next time: they may be given more.
    """
    expired: list[UUID] = []
    while some := _expire_some(installation):
        expired += some
    return expired


def _expire_some(installation: Installation) -> Sequence[UUID]:
    due = (
        select(Share.id)
        .where(Share.state == ShareState.OPEN, Share.expires_at <= func.vitrine_now())
        .order_by(Share.expires_at)
        .limit(_BATCH)
        .with_for_update(skip_locked=True)
    )
    with installation.transaction() as session:
        ids = session.scalars(due).all()
        if not ids:
            return []
        moved = move_all(session, ids, ShareState.OPEN, ShareState.EXPIRED, occasion="expired")
        reach("expire:marked")
    reach("expire:done")
    return moved
