"""What owners and their DAM ask about a share: its state and its link."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from models.base import new_id
from models.grant import Grant
from models.history import HistoryEvent
from models.kinds import Actor, EventKind, VisitorClass
from models.share import Share
from models.shared_asset import SharedAsset
from services.clock import read_clock
from services.errors import ShareNotFound
from services.history import event_key, record
from services.installation import Installation
from services.links import show_link


@dataclass(frozen=True)
class ShareStatus:
    """The state of a share; `link` is empty unless recipients can use it."""

    share_id: UUID
    request_key: str
    state: str
    title: str
    assets: int
    expires_at: datetime | None
    link: str
    views: dict[str, int]
    downloads: int


def find_status(
    installation: Installation, key: str, *, owner: str = "", asked_by: str
) -> ShareStatus:
    """Find a share by its id or its request key, and show the link that is for everybody.

    That the link was shown, and by which door, is on record.

    Raises:
        ShareNotFound: there is none, or several owners used this key and none is named.
    """
    with installation.transaction() as session:
        share = find_share(session, key, owner=owner)
        is_open = share.is_open(read_clock(session))
        link = ""
        grant = session.scalars(
            select(Grant).where(Grant.share_id == share.id, Grant.recipient == "")
        ).one_or_none()
        if is_open and grant is not None and grant.revoked_at is None:
            link = show_link(installation.seals, grant, installation.settings.public_url)
            record(
                session,
                EventKind.LINK_SHOWN,
                key=event_key(new_id()),
                actor=Actor.OWNER,
                share_id=share.id,
                grant_id=grant.id,
                payload={"door": asked_by},
            )
        count = session.scalar(
            select(func.count()).select_from(SharedAsset).where(SharedAsset.share_id == share.id)
        )
        expired = share.was_open() and not is_open
        return ShareStatus(
            share.id,
            share.request_key,
            "expired" if expired else share.state.value,
            share.title,
            count or 0,
            share.expires_at,
            link,
            *count_visits(session, share),
        )


def count_visits(session: Session, share: Share) -> tuple[dict[str, int], int]:
    """Count views by who probably looked, and downloads; a look is no download."""
    who = HistoryEvent.payload["class"].astext
    rows = session.execute(
        select(HistoryEvent.kind, who, func.count())
        .where(
            HistoryEvent.share_id == share.id,
            HistoryEvent.kind.in_([EventKind.PAGE_VIEWED, EventKind.DOWNLOAD_STARTED]),
        )
        .group_by(HistoryEvent.kind, who)
    ).all()
    views = {kind.value: 0 for kind in VisitorClass}
    for kind, seen_as, count in rows:
        if kind is EventKind.PAGE_VIEWED and seen_as in views:
            views[seen_as] = count
    downloads = sum(count for kind, _, count in rows if kind is EventKind.DOWNLOAD_STARTED)
    return views, downloads


def find_share(session: Session, key: str, *, owner: str = "", is_locked: bool = False) -> Share:
    """Find a share by its id or its request key, locked if it is to be changed.

    Raises:
        ShareNotFound: there is none, or several owners used this key and none is named.
    """
    statement = select_share(key, owner)
    shares = session.scalars(statement.with_for_update() if is_locked else statement).all()
    if len(shares) == 1:
        return shares[0]
    raise ShareNotFound(
        f"{len(shares)} shares have the request key {key!r}: name the owner too"
        if shares
        else f"there is no share with the request key or id {key!r}"
    )


def select_share(key: str, owner: str) -> Select[Share]:
    """Write the query for a share by its id or its request key, of one owner or of any."""
    matches = Share.request_key == key
    if _is_uuid(key):
        matches = matches | (Share.id == UUID(key))
    statement = select(Share).where(matches)
    return statement.where(Share.owner == owner) if owner else statement


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
