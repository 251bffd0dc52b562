"""Writing and reading the history.

Every event has a key that is made from what happened, so that telling it twice, after a retry or a
crash, leaves one event.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models.history import HistoryEvent, HistoryPerson
from models.kinds import Actor, EventKind

_NAMESPACE = UUID("6f1c0f0e-3d3b-5a0c-9a43-0d2a3c1e7b55")
_SALT_BYTES = 16


def event_key(*parts: object) -> UUID:
    """Make the key of an event from what makes it this event and no other."""
    return uuid5(_NAMESPACE, "\x1f".join(str(part) for part in parts))


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
    """Add one event to the history, unless it is there; say whether it was added.

    `payload` holds ids, counts, enumerations and digests only. Whatever could name a person or a
    thing goes to `person`, which can be erased; the event then keeps a salted commitment to it.
    """
    salt = secrets.token_bytes(_SALT_BYTES)
    statement = insert(HistoryEvent).values(
        event_key=key,
        kind=kind,
        actor=actor,
        share_id=share_id,
        grant_id=grant_id,
        position=position,
        payload=dict(payload or {}),
        payload_version=1,
        person_commitment=commit_to(salt, person) if person else None,
    )
    statement = statement.on_conflict_do_nothing(index_elements=["event_key"])
    event_id = session.execute(statement.returning(HistoryEvent.id)).scalar_one_or_none()
    if event_id is not None and person:
        session.add(HistoryPerson(event_id=event_id, salt=salt, fields=dict(person)))
    return event_id is not None


def commit_to(salt: bytes, person: Mapping[str, Any]) -> bytes:
    """Make the commitment that an event keeps of its personal side."""
    text = json.dumps(dict(person), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(salt + text.encode()).digest()


def list_kinds(session: Session, share_id: UUID) -> list[str]:
    """List the kinds of a share's events in the order in which they were written."""
    rows = session.scalars(
        select(HistoryEvent.kind).where(HistoryEvent.share_id == share_id).order_by(HistoryEvent.id)
    )
    return [kind.value for kind in rows]
