"""What of a share is not handed out any more, and why: as the gate decides it, for a zip's manifest."""

from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from models.share import Share
from models.shared_asset import SharedAsset
from services.clock import read_clock
from services.installation import Installation
from services.live_rights import LiveRights

WITHDRAWN = "it was withdrawn from the share"
_ENDED = "the rights to it have ended"
_LOST = "its owner may not share it any more"


def find_absent(installation: Installation, session: Session, share: Share) -> dict[int, str]:
    """Find the positions of a share at which nothing is handed out at this moment, with the reason."""
    now = read_clock(session)
    lost = LiveRights(installation).find_lost(session, share, now)
    ended = session.execute(
        select(SharedAsset.position, SharedAsset.withdrawn_at).where(
            SharedAsset.share_id == share.id,
            or_(SharedAsset.withdrawn_at.is_not(None), SharedAsset.rights_end_at <= now),
        )
    )
    reasons = {one: WITHDRAWN if withdrawn_at else _ENDED for one, withdrawn_at in ended}
    return dict.fromkeys(lost, _LOST) | reasons


def find_withdrawn(session: Session, share_id: UUID) -> frozenset[int]:
    """Find the positions that the owner took out, which they are for good."""
    return frozenset(
        session.scalars(
            select(SharedAsset.position).where(
                SharedAsset.share_id == share_id, SharedAsset.withdrawn_at.is_not(None)
            )
        )
    )
