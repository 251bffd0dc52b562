"""Where a link stands: all that the gate must know to decide, read in one query.

It can be remembered for a moment: `Standing.count_on` counts the database's clock on from when it
was read, so that a remembered share still closes on its millisecond.
"""

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from models.grant import Grant
from models.outbox import INVITATION, Outbox
from models.share import WAS_OPEN, Share
from models.shared_asset import SharedAsset
from services.errors import LinkUnknown
from services.links import hash_token, is_token


@dataclass(frozen=True)
class Standing:
    """A grant with its share, at `read_at` by the database's clock.

    `asset_count` is the highest position; `withdrawn` are the positions that were taken out, or to
    which the rights have ended.
    """

    grant: Grant
    share: Share
    asset_count: int
    withdrawn: frozenset[int]
    letter_sent_at: datetime | None
    read_at: datetime
    counted_from: float = field(default_factory=time.monotonic, compare=False)

    def has_assets(self) -> bool:
        """Whether anything is left to be looked at."""
        return len(self.withdrawn) < self.asset_count

    def count_on(self) -> datetime:
        """Tell the database's time, counted on from when the standing was read."""
        return self.read_at + timedelta(seconds=time.monotonic() - self.counted_from)


def read_standing(session: Session, token: str) -> Standing:
    """Read where the link with this token stands.

    Raises:
        LinkUnknown: no link has this token, or it was closed for good.
    """
    if not is_token(token):
        raise LinkUnknown
    of_share = SharedAsset.share_id == Share.id
    last = select(func.max(SharedAsset.position)).where(of_share)
    withdrawn = select(func.array_agg(SharedAsset.position)).where(
        of_share,
        or_(SharedAsset.withdrawn_at.is_not(None), SharedAsset.rights_end_at <= func.vitrine_now()),
    )
    letter = select(func.max(Outbox.sent_at)).where(
        Outbox.grant_id == Grant.id, Outbox.template == INVITATION
    )
    row = session.execute(
        select(
            Grant,
            Share,
            last.scalar_subquery(),
            withdrawn.scalar_subquery(),
            letter.scalar_subquery(),
            func.vitrine_now(),
        )
        .join(Share, Share.id == Grant.share_id)
        .where(
            # What is closed for good is not found, so that it takes as long as what never was.
            Grant.token_sha256 == hash_token(token),
            Grant.revoked_at.is_(None),
            Share.state.in_(WAS_OPEN),
        )
    ).one_or_none()
    if row is None:
        raise LinkUnknown
    grant, share, asset_count, taken_out, sent_at, now = row
    return Standing(grant, share, asset_count or 0, frozenset(taken_out or ()), sent_at, now)
