"""What happened to one share, the newest first, a page at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, literal, select, tuple_

from models.history import HistoryEvent, HistoryPerson
from models.shared_asset import SharedAsset
from services.installation import Installation
from services.shares import find_share

_BEHIND_ALL = 2**63 - 1


@dataclass(frozen=True)
class HistoryRow:
    """One event; `person` is what lies beside it, empty once it was erased.

    `asset_id` is that of the event's position, empty where it has none.
    """

    id: int
    at: datetime
    kind: str
    actor: str
    position: int | None
    asset_id: str
    grant_id: UUID | None
    payload: Mapping[str, Any]
    person: Mapping[str, Any]


@dataclass(frozen=True)
class ShareHistory:
    """A page of events; `after` asks for the next one, 0 where there is none."""

    share_id: UUID
    rows: Sequence[HistoryRow]
    after: int


def read_share_history(
    installation: Installation, key: str, *, owner: str = "", after: int = 0, limit: int = 100
) -> ShareHistory:
    """Read one page of a share's history, by its id or its request key.

    Raises:
        ShareNotFound: there is none, or several owners used this key and none is named.
    """
    with installation.transaction() as session:
        share = find_share(session, key, owner=owner)
        found = session.execute(select_history(share.id, after=after, limit=limit)).all()
    rows = [
        HistoryRow(
            event.id,
            event.at,
            event.kind.value,
            event.actor.value,
            event.position,
            event.asset_id or "",
            event.grant_id,
            event.payload,
            event.fields or {},
        )
        for event in found[:limit]
    ]
    return ShareHistory(share.id, rows, rows[-1].id if len(found) > limit else 0)


def select_history(share_id: UUID, *, after: int, limit: int) -> Select[Any]:
    """Write the query of one page, with one row more than it shows."""
    of_event = and_(
        SharedAsset.share_id == HistoryEvent.share_id,
        SharedAsset.position == HistoryEvent.position,
    )
    # As one range of the index of shares: told that a share is equal, the planner may look for its
    # events from the newest of all backwards, which takes for ever for an old and large share.
    place = tuple_(HistoryEvent.share_id, HistoryEvent.id)
    first, end = tuple_(literal(share_id), literal(0)), literal(after or _BEHIND_ALL)
    return (
        select(
            HistoryEvent.id,
            HistoryEvent.at,
            HistoryEvent.kind,
            HistoryEvent.actor,
            HistoryEvent.position,
            HistoryEvent.grant_id,
            HistoryEvent.payload,
            HistoryPerson.fields,
            SharedAsset.asset_id,
        )
        .join(HistoryPerson, HistoryPerson.event_id == HistoryEvent.id, isouter=True)
        .join(SharedAsset, of_event, isouter=True)
        .where(place > first, place < tuple_(literal(share_id), end))
        .order_by(HistoryEvent.share_id.desc(), HistoryEvent.id.desc())
        .limit(limit + 1)
    )
