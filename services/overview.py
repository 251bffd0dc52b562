"""The overview: which shares there are, the newest first, a page at a time.

Ids are of UUID's version 7 and sort by the time of their making, so that one index on the id pages
through all shares, and one each on owner, context and state through theirs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import aliased

from models.grant import Grant
from models.kinds import ShareState
from models.share import WAS_OPEN, Share
from models.shared_asset import SharedAsset
from services.clock import read_clock
from services.installation import Installation
from services.requests import UUID_PATTERN, number_fields
from services.shares import count_visits, find_share

#: Shares that were made longer ago stand in the overview only as long as they are live.
RECENT = timedelta(days=30)
MOST_ROWS = 500
_BEFORE_OPEN = (ShareState.DRAFT, ShareState.PUBLISHING)


class OverviewQuery(BaseModel):
    """Which shares are listed; an empty value does not narrow."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra=number_fields)

    shares: Literal["recent and live", "all"] = Field(
        default="recent and live",
        title="Shares",
        description="recent and live: made in the last 30 days, and every one that is still live."
        " all: whatever there ever was.",
    )
    owner: str = Field(
        default="",
        title="Owner",
        description="The DAM's id of an owner. Empty: all.",
        max_length=200,
    )
    state: Literal["any", "publishing", "open", "expired", "revoked", "purging", "purged"] = Field(
        default="any", title="State", description="Where the shares stand in their life."
    )
    context: str = Field(
        default="",
        title="Context",
        description="One of the contexts that the DAM defines. Empty: all.",
        max_length=100,
    )
    after: str = Field(
        default="",
        title="After",
        description="The id of the last share of the page before. Empty: from the newest on.",
        pattern=rf"^({UUID_PATTERN})?$",
    )
    limit: int = Field(
        default=50, title="Rows", description="How many shares at most.", ge=1, le=MOST_ROWS
    )


@dataclass(frozen=True)
class OverviewRow:
    """One share; `state` is what it is at this moment, by the clock.

    `assets` counts what was frozen, `withdrawn` what was taken out of it. A purged share has none.
    """

    share_id: UUID
    request_key: str
    owner: str
    title: str
    context: str
    state: str
    created_at: datetime
    opened_at: datetime | None
    expires_at: datetime | None
    assets: int
    withdrawn: int
    recipients: int
    has_password: bool
    has_terms: bool
    is_downloadable: bool


@dataclass(frozen=True)
class Overview:
    """A page of shares; `after` asks for the next one, empty where there is none."""

    rows: Sequence[OverviewRow]
    after: str


@dataclass(frozen=True)
class ShareDetails:
    """One share with what was asked for it, and what came of it: views by who probably looked."""

    summary: OverviewRow
    message: str
    folder: str
    formats: Sequence[str]
    visibility: str
    expires_text: str
    zone: str
    views: Mapping[str, int]
    downloads: int


def read_overview(installation: Installation, query: OverviewQuery) -> Overview:
    """Read one page of the overview."""
    with installation.transaction() as session:
        now = read_clock(session)
        found = session.execute(select_overview(query, now)).all()
    rows = [_row(*one, now=now) for one in found[: query.limit]]
    has_more = len(found) > query.limit
    return Overview(rows, str(rows[-1].share_id) if has_more else "")


def read_share(installation: Installation, key: str, *, owner: str = "") -> ShareDetails:
    """Read one share by its id or its request key, without its link.

    Raises:
        ShareNotFound: there is none, or several owners used this key and none is named.
    """
    with installation.transaction() as session:
        share = find_share(session, key, owner=owner)
        now = read_clock(session)
        row = session.execute(_select_counted([Share.id == share.id], 1)).one()
        views, downloads = count_visits(session, share)
    return ShareDetails(
        summary=_row(*row, now=now),
        message=share.message,
        folder=share.folder,
        formats=share.formats,
        visibility=share.visibility.value,
        expires_text=share.expires_text,
        zone=share.zone,
        views=views,
        downloads=downloads,
    )


def select_overview(query: OverviewQuery, now: datetime) -> Select[Any]:
    """Write the query of one page, with one row more than it shows."""
    return _select_counted(_narrow(query, now), query.limit + 1)


def _select_counted(wanted: Sequence[ColumnElement[bool]], most: int) -> Select[Any]:
    page = select(Share).where(*wanted).order_by(Share.id.desc()).limit(most).subquery()
    shown = aliased(Share, page)
    of_share = SharedAsset.share_id == shown.id
    # Positions are counted from 1 without a gap: the last one says how many there are.
    assets = select(func.max(SharedAsset.position)).where(of_share)
    withdrawn = select(func.count()).where(of_share, SharedAsset.withdrawn_at.is_not(None))
    recipients = select(func.count()).where(Grant.share_id == shown.id, Grant.recipient != "")
    counts = (one.scalar_subquery() for one in (assets, withdrawn, recipients))
    return select(shown, *counts).order_by(shown.id.desc())


def say_state(share: Share, now: datetime) -> str:
    """Say where a share stands by the clock: the state that is kept may not have heard of it yet."""
    if share.state in WAS_OPEN and share.is_expired(now):
        return ShareState.EXPIRED.value
    return share.state.value


def _narrow(query: OverviewQuery, now: datetime) -> list[ColumnElement[bool]]:
    is_over = Share.expires_at <= now
    is_open = and_(Share.state == ShareState.OPEN, or_(Share.expires_at.is_(None), ~is_over))
    wanted: list[ColumnElement[bool]] = []
    if query.shares != "all":
        is_recent = Share.created_at >= now - RECENT
        wanted.append(or_(is_recent, Share.state.in_(_BEFORE_OPEN), is_open))
    if query.owner:
        wanted.append(Share.owner == query.owner)
    if query.context:
        wanted.append(Share.context == query.context)
    if query.state == "open":
        wanted.append(is_open)
    elif query.state == "expired":
        wanted += [Share.state.in_(WAS_OPEN), or_(Share.state == ShareState.EXPIRED, is_over)]
    elif query.state != "any":
        wanted.append(Share.state == ShareState(query.state))
    if query.after:
        wanted.append(Share.id < UUID(query.after))
    return wanted


def _row(
    share: Share, assets: int | None, withdrawn: int, recipients: int, *, now: datetime
) -> OverviewRow:
    return OverviewRow(
        share_id=share.id,
        request_key=share.request_key,
        owner=share.owner,
        title=share.title,
        context=share.context,
        state=say_state(share, now),
        created_at=share.created_at,
        opened_at=share.opened_at,
        expires_at=share.expires_at,
        assets=assets or 0,
        withdrawn=withdrawn,
        recipients=recipients,
        has_password=bool(share.password_hash),
        has_terms=share.terms_version is not None,
        is_downloadable=share.is_downloadable,
    )
