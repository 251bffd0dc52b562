"""The gate: one function decides about every byte that leaves the house.

It asks in a fixed order, and the first "no" is all that is said: token, revoked, expired, password,
terms, asset in the share, action allowed. Unknown, forged and revoked look the same. Whoever holds a genuine link
of an expired share learns that it has expired, and nothing else of it.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.grant import Grant
from models.share import Share
from models.shared_asset import SharedAsset
from page_builder.wording import say_date
from services.errors import DownloadOff, PasswordNeeded, ShareClosed, ShareNotFound, TermsNeeded
from services.links import hash_token, is_token
from services.seals import Seals
from services.visit_seals import Visit, read_visit


class Action(Enum):
    """What a recipient wants to do."""

    UNLOCK = auto()
    ACCEPT = auto()
    LOOK = auto()
    TAKE = auto()


@dataclass(frozen=True)
class Admission:
    """What the gate let through: this grant, to this share, for this asset if one was asked for."""

    grant: Grant
    share: Share
    asset: SharedAsset | None
    now: datetime


def admit(
    session: Session,
    seals: Seals,
    token: str,
    *,
    action: Action,
    position: int | None = None,
    shown: str = "",
) -> Admission:
    """Decide whether the holder of `token` may do this with the share or one of its assets.

    `shown` is the sealed visit that the browser showed. Giving the password is the one action for
    which none is asked; accepting the terms asks for the password alone.

    Raises:
        ShareNotFound: the token opens nothing, or the share has no such asset.
        ShareClosed: the token is genuine and the share has expired.
        PasswordNeeded: the visit that was shown does not know the password of today.
        TermsNeeded: it did not accept the terms of today.
        DownloadOff: it may be looked at, but not taken.
    """
    grant, share, now = _find_grant(session, token)
    if share.is_expired(now):
        raise _describe_closed(share)
    if not share.is_open(now) or share.current_build is None:
        raise ShareNotFound
    visit = read_visit(seals, grant.id, shown)
    if action is not Action.UNLOCK:
        _check_password(share, visit, now)
    if action not in {Action.UNLOCK, Action.ACCEPT}:
        _check_terms(share, visit, now)
    asset = _find_asset(session, share, position)
    if action is Action.TAKE and not share.is_downloadable:
        raise DownloadOff
    return Admission(grant, share, asset, now)


def _find_grant(session: Session, token: str) -> tuple[Grant, Share, datetime]:
    if not is_token(token):
        raise ShareNotFound
    row = session.execute(
        select(Grant, Share, func.vitrine_now())
        .join(Share, Share.id == Grant.share_id)
        .where(Grant.token_sha256 == hash_token(token))
    ).one_or_none()
    if row is None or row[0].revoked_at is not None or not row[1].was_open():
        raise ShareNotFound
    return row[0], row[1], row[2]


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


def _find_asset(session: Session, share: Share, position: int | None) -> SharedAsset | None:
    if position is None:
        return None
    asset = session.get(SharedAsset, (share.id, position))
    if asset is None or asset.withdrawn_at is not None:
        raise ShareNotFound
    return asset


def _describe_closed(share: Share) -> ShareClosed:
    """Tell the holder of a genuine link when it closed, and who could open it again."""
    return ShareClosed(
        owner=share.owner_name or share.owner,
        address=share.owner_address,
        closed_on=say_date(share.expires_at, share.zone) if share.expires_at else "",
    )
