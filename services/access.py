"""The gate: one function decides about every byte that leaves the house.

It asks in a fixed order, and the first "no" is all that is said: token, revoked, expired, password,
terms, asset in the share, action allowed. Unknown, forged and revoked look the same. Whoever holds a genuine link
of an expired share learns that it has expired, and nothing else of it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from sqlalchemy.orm import Session

from models.grant import Grant
from models.share import Share
from page_builder.wording import say_date
from services.errors import (
    DownloadOff,
    LinkUnknown,
    PasswordNeeded,
    ShareClosed,
    ShareEmpty,
    ShareNotFound,
    TermsNeeded,
)
from services.expiry import is_day
from services.seals import Seals
from services.standing import Standing, read_standing
from services.visit_seals import Visit, read_visit


class Action(Enum):
    """What a recipient wants to do."""

    UNLOCK = auto()
    ACCEPT = auto()
    LOOK = auto()
    TAKE = auto()


@dataclass(frozen=True)
class Admission:
    """What the gate let through: this grant, to this share, for one asset (a position) or for all.

    `withdrawn` are the positions that were taken out of the share.
    """

    grant: Grant
    share: Share
    position: int | None
    withdrawn: frozenset[int]
    now: datetime
    letter_sent_at: datetime | None


def admit(
    session: Session, seals: Seals, token: str, *, action: Action, shown: str = ""
) -> Admission:
    """Read where a link stands at this moment, and decide."""
    standing = read_standing(session, token)
    return decide(standing, seals, now=standing.read_at, action=action, shown=shown)


def decide(
    standing: Standing,
    seals: Seals,
    *,
    now: datetime,
    action: Action,
    position: int | None = None,
    shown: str = "",
) -> Admission:
    """Decide whether the holder of a link may do this with the share or one of its assets.

    `shown` is the sealed visit that the browser showed. Giving the password is the one action for
    which none is asked; accepting the terms asks for the password alone.

    Raises:
        LinkUnknown: the link opens nothing (any more).
        ShareNotFound: the share has no such asset, or no asset any more.
        ShareClosed: the link is genuine and the share has expired.
        PasswordNeeded: the visit that was shown does not know the password of today.
        TermsNeeded: it did not accept the terms of today.
        DownloadOff: it may be looked at, but not taken.
    """
    grant, share = standing.grant, standing.share
    if grant.revoked_at is not None or not share.was_open():
        raise LinkUnknown
    if share.is_expired(now):
        raise _describe_closed(share)
    if not share.is_open(now) or share.current_build is None:
        raise LinkUnknown
    visit = read_visit(seals, grant.id, shown)
    if action is not Action.UNLOCK:
        _check_password(share, visit, now)
    if action not in {Action.UNLOCK, Action.ACCEPT}:
        _check_terms(share, visit, now)
    if action in {Action.LOOK, Action.TAKE} and not standing.has_assets():
        raise ShareEmpty
    if position is not None and not _has_asset(standing, position):
        raise ShareNotFound
    if action is Action.TAKE and not share.is_downloadable:
        raise DownloadOff
    return Admission(grant, share, position, standing.withdrawn, now, standing.letter_sent_at)


def _check_password(share: Share, visit: Visit | None, now: datetime) -> None:
    if share.password_hash and not _is_valid(visit, share, now):
        raise PasswordNeeded


def _check_terms(share: Share, visit: Visit | None, now: datetime) -> None:
    if share.terms_version is None:
        return
    accepted = visit.terms if visit is not None and _is_valid(visit, share, now) else ""
    if accepted != share.terms_version.hex():
        raise TermsNeeded


def _is_valid(visit: Visit | None, share: Share, now: datetime) -> bool:
    return visit is not None and visit.is_valid(password_epoch=share.password_epoch, now=now)


def _has_asset(standing: Standing, position: int) -> bool:
    return 1 <= position <= standing.asset_count and position not in standing.withdrawn


def _describe_closed(share: Share) -> ShareClosed:
    """Tell the holder of a genuine link when it closed, and who could open it again."""
    return ShareClosed(
        owner=share.owner_name or share.owner,
        address=share.owner_address,
        closed_on=say_date(_last_moment(share), share.zone),
    )


def _last_moment(share: Share) -> datetime:
    """Find a moment of the day on which a share closed: of whole days the last one, as pages say."""
    ends_at = share.expires_at
    if ends_at is None:
        raise ValueError("a share without an end does not expire")
    return ends_at - timedelta.resolution if is_day(share.expires_text) else ends_at
