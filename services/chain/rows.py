"""Events as lines: the exact bytes that the chain is made of, written by the database.

A line is one JSON object with these names in this order, without spaces outside the payload. The
payload stands as PostgreSQL prints `jsonb`. Whoever holds an export needs none of this: its lines
are those bytes.
"""

from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, Select, Text, cast, func, literal, select, tuple_
from sqlalchemy.sql.expression import literal_column

from models.history import HistoryEvent, HistoryPerson, Xid8

_LINE = """
    '{"id":' || history_event.id::text
    || ',"xid":' || history_event.xid::text
    || ',"key":"' || history_event.event_key::text
    || '","kind":' || to_json(history_event.kind)::text
    || ',"at":"' || to_char(history_event.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    || '","actor":' || to_json(history_event.actor)::text
    || ',"share":' || coalesce('"' || history_event.share_id::text || '"', 'null')
    || ',"grant":' || coalesce('"' || history_event.grant_id::text || '"', 'null')
    || ',"position":' || coalesce(history_event."position"::text, 'null')
    || ',"version":' || history_event.payload_version::text
    || ',"payload":' || history_event.payload::text
    || ',"person":'
    || coalesce('"' || encode(history_event.person_commitment, 'hex') || '"', 'null')
    || '}'
"""


class Place(NamedTuple):
    """Where an event stands in the history: the order of commits, as a reader may rely on it."""

    xid: int
    id: int


#: Before the first event.
BEGINNING = Place(0, 0)


def select_lines(
    *, share_id: UUID | None = None, is_personal: bool = False
) -> Select[*tuple[Any, ...]]:
    """Select `xid`, `id` and `line` of all events, or of a share's, in their order.

    With `is_personal` also `salt` and `fields` of what lies beside them, none where it was erased.
    """
    xid = cast(cast(HistoryEvent.xid, Text), BigInteger).label("xid")
    statement: Select[*tuple[Any, ...]] = select(
        xid, HistoryEvent.id, literal_column(_LINE, Text).label("line")
    )
    if is_personal:
        statement = statement.add_columns(HistoryPerson.salt, HistoryPerson.fields).join(
            HistoryPerson, HistoryPerson.event_id == HistoryEvent.id, isouter=True
        )
    if share_id is not None:
        statement = statement.where(HistoryEvent.share_id == share_id)
    return statement.order_by(HistoryEvent.xid, HistoryEvent.id)


def select_waiting(after: Place, *, most: int) -> Select[*tuple[Any, ...]]:
    """Select the first lines that no seal holds and that nothing can come before any more.

    A transaction that still runs, and every later one, has an id that is not below the oldest
    that runs: what is below has ended, and is seen by this statement.
    """
    # There is no cast from integers to xid8.
    place = tuple_(cast(literal(str(after.xid), Text), Xid8()), literal(after.id))
    oldest = func.pg_snapshot_xmin(func.pg_current_snapshot(), type_=Xid8())
    is_behind = tuple_(HistoryEvent.xid, HistoryEvent.id) > place
    return select_lines().where(is_behind, HistoryEvent.xid < oldest).limit(most)
