"""The share board of an asset: every share that contains it, by whomever, the newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, and_, literal, select, union_all
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from models.kinds import AssetKind
from models.share import Share
from models.shared_asset import SharedAsset
from services.changes import withdraw_asset
from services.clock import read_clock
from services.errors import ChangeRefused, VitrineError
from services.installation import Installation
from services.lifecycle import CHANGEABLE
from services.overview import say_state


@dataclass(frozen=True)
class BoardRow:
    """One share that contains the asset; `state` is what it is at this moment, by the clock.

    With `withdrawn_at` the asset is out of it. `within` is the playlist in which it stands there,
    empty where it was shared itself.
    """

    share_id: UUID
    owner: str
    title: str
    context: str
    state: str
    created_at: datetime
    expires_at: datetime | None
    position: int
    withdrawn_at: datetime | None
    within: str

    def is_out(self) -> bool:
        """Whether recipients of this share cannot have the asset any more."""
        return self.withdrawn_at is not None or self.state != "open"


@dataclass(frozen=True)
class Board:
    """A page of shares; `after` asks for the next one, empty where there is none."""

    asset_id: str
    rows: Sequence[BoardRow]
    after: str


def read_board(
    installation: Installation, asset_id: str, *, owner: str = "", after: str = "", limit: int = 100
) -> Board:
    """Read one page of an asset's share board, of all owners or of one.

    A share that has it twice, also in a playlist, is listed once, with where it is not withdrawn.
    """
    with installation.transaction() as session:
        now = read_clock(session)
        source_key = _find_source(installation, session, asset_id)
        statement = select_board(asset_id, source_key, owner=owner, after=after, limit=limit)
        found = session.execute(statement).all()
    rows = [
        BoardRow(
            share.id,
            share.owner,
            share.title,
            share.context,
            say_state(share, now),
            share.created_at,
            share.expires_at,
            position,
            withdrawn_at,
            within,
        )
        for share, position, withdrawn_at, within in found[:limit]
    ]
    return Board(asset_id, rows, str(rows[-1].share_id) if len(found) > limit else "")


def select_board(
    asset_id: str, source_key: str, *, owner: str, after: str, limit: int
) -> Select[*tuple[Any, ...]]:
    """Write the query of one page, with one row more than it shows.

    `source_key` is the asset's first file: playlists list their files, not the assets of them.
    """
    itself = _narrow(SharedAsset.asset_id == asset_id, literal(""), owner, after)
    # An asset stands in a share once, in however many playlists.
    page = itself.order_by(SharedAsset.share_id.desc()).limit(limit + 1).subquery()
    branches = [select(page)]
    if source_key:
        is_within = and_(
            SharedAsset.kind == AssetKind.PLAYLIST,
            SharedAsset.parts.contains([{"source_key": source_key}]),
            SharedAsset.asset_id != asset_id,
        )
        branches.append(_narrow(is_within, SharedAsset.asset_id, owner, after))
    places = union_all(*branches).subquery()
    once = (
        select(places)
        .ext(distinct_on(places.c.share_id))
        .order_by(
            places.c.share_id.desc(), places.c.withdrawn_at.asc().nulls_first(), places.c.within
        )
        .limit(limit + 1)
        .subquery()
    )
    return (
        select(Share, once.c.position, once.c.withdrawn_at, once.c.within)
        .join(once, once.c.share_id == Share.id)
        .order_by(Share.id.desc())
    )


def _narrow(
    wanted: ColumnElement[bool], within: SQLColumnExpression[str], owner: str, after: str
) -> Select[*tuple[Any, ...]]:
    statement: Select[*tuple[Any, ...]] = select(
        SharedAsset.share_id,
        SharedAsset.position,
        SharedAsset.withdrawn_at,
        within.label("within"),
    ).where(wanted)
    if owner:
        statement = statement.join(Share, Share.id == SharedAsset.share_id)
        statement = statement.where(Share.owner == owner)
    return statement.where(SharedAsset.share_id < UUID(after)) if after else statement


def _find_source(installation: Installation, session: Session, asset_id: str) -> str:
    """Find the first file of an asset, as it was shared last or as the DAM knows it; "" for none."""
    shared = session.scalars(
        select(SharedAsset.source_key)
        .where(SharedAsset.asset_id == asset_id)
        .order_by(SharedAsset.share_id.desc())
        .limit(1)
    ).first()
    if shared is not None:
        return shared
    try:
        return installation.dam().assets([asset_id])[0].files[0].source_key
    except VitrineError:
        return ""


def withdraw_everywhere(
    installation: Installation, asset_id: str, *, owner: str = "", asked_by: str
) -> list[UUID]:
    """Take an asset out of every share that still has it, and return those shares.

    Each share is a transaction of its own: what is done when something goes wrong stays done, and
    asking again does the rest.

    Raises:
        ChangeRefused: no share has such an asset.
    """
    statement = (
        select(SharedAsset.share_id, SharedAsset.withdrawn_at, Share.state)
        .join(Share, Share.id == SharedAsset.share_id)
        .where(SharedAsset.asset_id == asset_id)
        .order_by(SharedAsset.share_id)
    )
    if owner:
        statement = statement.where(Share.owner == owner)
    with installation.transaction() as session:
        found = session.execute(statement).all()
    if not found:
        raise ChangeRefused(
            f"no share has an asset {asset_id!r}: `vitrine asset board` looks one up"
        )
    wanted = [one.share_id for one in found if not one.withdrawn_at and one.state in CHANGEABLE]
    return [one for one in wanted if _withdraw(installation, one, asset_id, asked_by)]


def _withdraw(installation: Installation, share_id: UUID, asset_id: str, asked_by: str) -> bool:
    try:
        return withdraw_asset(installation, str(share_id), asset_id, asked_by=asked_by)
    except ChangeRefused:
        # It was revoked in this moment: nobody has the asset from it.
        return False
