"""Put right what dead runs left: finish their publications, and give up what nobody ever finished.

A run that ended by itself said so and gave its lease back: its share waits for whoever sends the
request again. A run that was killed says nothing; its lease runs out while it is still its holder.
All that a publication needs was frozen with its share, so that it can be finished without the request.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select

from models.kinds import EventKind, ShareState
from models.share import Share
from services.bundling import plan_bundles
from services.failures import note_publication_failure
from services.history import event_key, record
from services.installation import Installation
from services.leases import Claim, LeaseKeeper, try_lease
from services.lifecycle import move
from services.moments import reach
from services.opening import open_share
from services.pages import build_page
from services.rebuilding import list_outdated, refresh
from services.rendered import finish_rendering
from services.renditions import plan_chunks, render_chunk
from services.wrapping import wrap_downloads

log = logging.getLogger(__name__)
#: What killed so many runs would kill the next one too.
_MOST_TRIES = 5


@dataclass(frozen=True)
class Finding:
    """A share that needed attention, and what became of it."""

    share_id: UUID
    outcome: str


def finish_publications(installation: Installation, *, run: str) -> list[Finding]:
    """Finish every publication whose run died, one after the other, and say what became of each."""
    return [
        Finding(share_id, _finish(installation, share_id, run=run))
        for share_id in _list_dead(installation)
    ]


def give_up_shares(installation: Installation) -> list[Finding]:
    """Revoke shares that were never opened and nobody works on, once they would be purged if closed.

    A share whose time was over before it could open is given up at once.
    """
    days = timedelta(days=installation.settings.purge_after_days)
    now = func.vitrine_now()
    statement = (
        select(Share)
        .where(
            Share.state == ShareState.PUBLISHING,
            _is_free(),
            or_(Share.expires_at <= now, Share.created_at <= now - days),
        )
        .with_for_update(skip_locked=True)
    )
    with installation.transaction() as session:
        shares = session.scalars(statement).all()
        for share in shares:
            key = event_key(share.id, "revoked")
            move(session, share, ShareState.REVOKED, key=key, payload={"door": "reconcile"})
        reach("reconcile:given_up")
    return [Finding(share.id, "given up") for share in shares]


def replan_stale(installation: Installation) -> list[Finding]:
    """Make anew every zip and page that is no longer true, and that nobody made anew."""
    return [
        Finding(share_id, f"{refresh(installation, share_id)} zips and pages made anew")
        for share_id in list_outdated(installation)
    ]


def _is_free() -> Any:
    return or_(Share.lease_until.is_(None), Share.lease_until <= func.vitrine_now())


def _list_dead(installation: Installation) -> list[UUID]:
    statement = select(Share.id).where(
        Share.state == ShareState.PUBLISHING,
        Share.lease_holder.is_not(None),
        Share.lease_until <= func.vitrine_now(),
    )
    with installation.transaction() as session:
        return list(session.scalars(statement.order_by(Share.created_at)))


def _finish(installation: Installation, share_id: UUID, *, run: str) -> str:
    claim = _take_over(installation, share_id, run)
    if claim is None:
        return "left to another run"
    if claim.fence > _MOST_TRIES:
        note_publication_failure(installation, run=run, state="GivenUp")
        return f"left: {claim.fence - 1} runs died of it"
    reach("reconcile:claimed")
    keeper = LeaseKeeper(installation, claim)
    keeper.start()
    try:
        _publish(installation, claim)
    except Exception as error:  # noqa: BLE001 - the next share is not to blame for this one
        log.warning("share %s: %s", share_id, type(error).__name__)
        note_publication_failure(installation, run=run, state="Failed")
        return f"failed: {type(error).__name__}"
    finally:
        keeper.stop()
    return "finished"


def _take_over(installation: Installation, share_id: UUID, run: str) -> Claim | None:
    seconds = installation.settings.publish_lease_seconds
    with installation.transaction() as session:
        claim = try_lease(session, share_id, holder=run, seconds=seconds)
        share = session.get_one(Share, share_id)
        if claim is None or share.state is not ShareState.PUBLISHING:
            return None
        record(
            session,
            EventKind.PUBLICATION_RESUMED,
            key=event_key(share_id, "resumed", claim.fence),
            share_id=share_id,
            payload={"run": run, "fence": claim.fence},
        )
    return claim


def _publish(installation: Installation, claim: Claim) -> None:
    for chunk in plan_chunks(installation, claim):
        render_chunk(installation, chunk)
    finish_rendering(installation, claim)
    wrap_downloads(installation, claim)
    plan_bundles(installation, claim)
    open_share(installation, claim, build_page(installation, claim))
