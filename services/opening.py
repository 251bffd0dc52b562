"""Open a share: the page, the state, the event and the letters become true in one transaction."""

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models.grant import Grant
from models.kinds import EventKind, ShareState
from models.outbox import Outbox
from models.share import Share
from models.shared_asset import SharedAsset
from services.clock import read_clock
from services.history import event_key, record
from services.installation import Installation
from services.leases import Claim, hold
from services.letters import compose_invitation
from services.lifecycle import move
from services.moments import reach


def open_share(installation: Installation, claim: Claim, build: str) -> None:
    """Switch the share to a build and open it; an open share is left as it is."""
    with installation.transaction() as session:
        share = hold(session, claim)
        if share.state is not ShareState.PUBLISHING:
            return
        share.current_build = build
        share.opened_at = read_clock(session)
        share.lease_until = share.lease_holder = None
        count = session.scalar(
            select(func.count()).select_from(SharedAsset).where(SharedAsset.share_id == share.id)
        )
        move(
            session,
            share,
            ShareState.OPEN,
            key=event_key(share.id, "published"),
            payload={"build": build, "assets": count},
        )
        reach("publish:state_written")
        _queue_letters(installation, session, share, count or 0)
        reach("publish:letters_queued")
    reach("publish:opened")


def _queue_letters(installation: Installation, session: Session, share: Share, count: int) -> None:
    grants = session.scalars(select(Grant).where(Grant.share_id == share.id, Grant.recipient != ""))
    for grant in grants:
        letter = compose_invitation(installation, share, grant, assets=count)
        session.execute(insert(Outbox).values(letter).on_conflict_do_nothing())
        record(
            session,
            EventKind.LETTER_QUEUED,
            key=event_key(share.id, "letter", grant.id),
            share_id=share.id,
            grant_id=grant.id,
            payload={"template": "invitation"},
            person={"address": grant.recipient},
        )
