"""Writing and reading the history.

Every event has a key that is made from what happened, so that telling it twice, after a retry or a
crash, leaves one event.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

import psycopg
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from models.history import HistoryEvent
from models.kinds import Actor, EventKind

_NAMESPACE = UUID("6f1c0f0e-3d3b-5a0c-9a43-0d2a3c1e7b55")
_SALT_BYTES = 16

#: Two hundred events cost one statement: the database takes them apart.
_RECORD_EVENTS = """
    WITH given AS (
        SELECT * FROM jsonb_to_recordset(CAST({events} AS jsonb)) AS (
            event_key uuid, kind text, actor text, share_id uuid, grant_id uuid,
            position bigint, payload jsonb, fields jsonb, salt text, commitment text)
    ), added AS (
        INSERT INTO history_event (event_key, kind, actor, share_id, grant_id, position, payload,
            payload_version, person_commitment)
        SELECT event_key, kind, actor, share_id, grant_id, position, payload,
            1, decode(commitment, 'hex')
        FROM given ON CONFLICT (event_key) DO NOTHING RETURNING id, event_key
    ), people AS (
        INSERT INTO history_person (event_id, salt, fields)
        SELECT added.id, decode(salt, 'hex'), fields
        FROM added JOIN given USING (event_key) WHERE fields IS NOT NULL
    )
    SELECT event_key FROM added
"""
_RECORD = text(_RECORD_EVENTS.format(events=":events"))
_RECORD_BY_DRIVER = _RECORD_EVENTS.format(events="%(events)s").encode()


def event_key(*parts: object) -> UUID:
    """Make the key of an event from what makes it this event and no other."""
    return uuid5(_NAMESPACE, "\x1f".join(str(part) for part in parts))


@dataclass(frozen=True)
class Event:
    """One thing that happened, as it is to be written.

    `payload` holds ids, counts, enumerations and digests only. Whatever could name a person or a
    thing goes to `person`, which can be erased; the event then keeps a salted commitment to it.
    """

    kind: EventKind
    key: UUID
    actor: Actor = Actor.SYSTEM
    share_id: UUID | None = None
    grant_id: UUID | None = None
    position: int | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)
    person: Mapping[str, Any] = field(default_factory=dict)


def record(
    session: Session,
    kind: EventKind,
    *,
    key: UUID,
    actor: Actor = Actor.SYSTEM,
    share_id: UUID | None = None,
    grant_id: UUID | None = None,
    position: int | None = None,
    payload: Mapping[str, Any] | None = None,
    person: Mapping[str, Any] | None = None,
) -> bool:
    """Add one event to the history, unless it is there; say whether it was added."""
    event = Event(kind, key, actor, share_id, grant_id, position, payload or {}, person or {})
    return bool(record_all(session, [event]))


def record_all(session: Session, events: Sequence[Event]) -> set[UUID]:
    """Add those events that are not there yet, in their order, and return their keys."""
    return set(session.scalars(_RECORD, {"events": _write(events)}))


async def record_by_driver(
    connection: psycopg.AsyncConnection[Any], events: Sequence[Event]
) -> None:
    """Add those events that are not there yet, in their order, where somebody waits for it.

    It is one statement, and needs no transaction around it. By the driver alone it takes a third of
    the time that it takes in a thread and through SQLAlchemy (measured).
    """
    await connection.execute(_RECORD_BY_DRIVER, {"events": _write(events)}, prepare=True)


def _write(events: Sequence[Event]) -> str:
    given = {event.key: event for event in reversed(events)}
    return json.dumps([_row(event) for event in reversed(given.values())])


def _row(event: Event) -> dict[str, Any]:
    row = {
        "event_key": str(event.key),
        "kind": event.kind,
        "actor": event.actor,
        "share_id": str(event.share_id) if event.share_id else None,
        "grant_id": str(event.grant_id) if event.grant_id else None,
        "position": event.position,
        "payload": dict(event.payload),
    }
    if event.person:
        salt = secrets.token_bytes(_SALT_BYTES)
        row["fields"] = dict(event.person)
        row["salt"] = salt.hex()
        row["commitment"] = commit_to(salt, event.person).hex()
    return row


def commit_to(salt: bytes, person: Mapping[str, Any]) -> bytes:
    """Make the commitment that an event keeps of its personal side."""
    content = json.dumps(dict(person), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(salt + content.encode()).digest()


def list_kinds(session: Session, share_id: UUID) -> list[str]:
    """List the kinds of a share's events in the order in which they were written."""
    rows = session.scalars(
        select(HistoryEvent.kind).where(HistoryEvent.share_id == share_id).order_by(HistoryEvent.id)
    )
    return [kind.value for kind in rows]
