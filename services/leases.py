"""The lease of a publishing run, with its fence: who may write to a share that is being published.

The truth about a run is this row, never the state of a flow run: a run that was killed stops
renewing, its lease runs out, and the next run takes over with a higher fence. Whatever the dead one
still tries to write is refused by its old fence.
"""

import logging
import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from models.kinds import ShareState
from models.share import Share
from services.errors import DatabaseAway, LeaseLost
from services.installation import Installation

log = logging.getLogger(__name__)
_POLL_SECONDS = 0.5


@dataclass(frozen=True)
class Claim:
    """A run's right to write to a share: valid as long as the share's fence is this one."""

    share_id: UUID
    fence: int


def wait_for_lease(installation: Installation, share_id: UUID, *, holder: str) -> Claim:
    """Take the share's lease, waiting while another run holds it; an open share needs none."""
    while True:
        with installation.transaction() as session:
            claim = try_lease(session, share_id, holder=holder, seconds=_seconds(installation))
        if claim is not None:
            return claim
        time.sleep(_POLL_SECONDS)


def try_lease(session: Session, share_id: UUID, *, holder: str, seconds: int) -> Claim | None:
    """Take the lease if nobody alive holds it; a finished share is joined without one."""
    share = session.get_one(Share, share_id, with_for_update=True, populate_existing=True)
    if share.state is not ShareState.PUBLISHING:
        return Claim(share_id, share.fence)
    now = session.execute(select(func.vitrine_now())).scalar_one()
    if share.lease_until and share.lease_until > now and share.lease_holder != holder:
        return None
    share.fence += 1
    share.lease_holder, share.lease_until = holder, now + timedelta(seconds=seconds)
    return Claim(share_id, share.fence)


def hold(session: Session, claim: Claim) -> Share:
    """Lock the claimed share for this transaction.

    Raises:
        LeaseLost: another run has taken over.
    """
    share = session.get_one(Share, claim.share_id, with_for_update=True, populate_existing=True)
    if share.fence != claim.fence:
        raise LeaseLost(f"Another run publishes share {claim.share_id} now; this one stops")
    return share


def release(session: Session, share_id: UUID, *, holder: str) -> None:
    """Give the lease back, if this holder has it."""
    session.execute(
        update(Share)
        .where(Share.id == share_id, Share.lease_holder == holder)
        .values(lease_until=None, lease_holder=None)
    )


class LeaseKeeper:
    """Renews a claim from a thread of its own until the share is open, lost, or the process ends."""

    def __init__(self, installation: Installation, claim: Claim) -> None:
        self._installation = installation
        self._claim = claim
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)
        self._stop = threading.Event()

    def start(self) -> None:
        """Begin to renew."""
        self._thread.start()

    def stop(self) -> None:
        """Renew no more."""
        self._stop.set()

    def _keep(self) -> None:
        # A third of the lease: two renewals may fail before anybody takes over.
        while not self._stop.wait(_seconds(self._installation) / 3):
            try:
                if not self._renew():
                    return
            except DatabaseAway:
                log.warning("share %s: the lease was not renewed", self._claim.share_id)

    def _renew(self) -> bool:
        until = func.vitrine_now() + timedelta(seconds=_seconds(self._installation))
        statement = (
            update(Share)
            .where(
                Share.id == self._claim.share_id,
                Share.fence == self._claim.fence,
                Share.state == ShareState.PUBLISHING,
                Share.lease_until.is_not(None),
            )
            .values(lease_until=until)
        )
        with self._installation.transaction() as session:
            return session.execute(statement.returning(Share.id)).first() is not None


def _seconds(installation: Installation) -> int:
    return installation.settings.publish_lease_seconds
