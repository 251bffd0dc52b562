"""The history: what happened, kept apart from who it was.

An event holds ids, counts, enumerations and digests only, and is never changed; the application's
role may not, and a trigger refuses it to every other. What is personal (titles, file names,
addresses, agents) lies in `history_person` and can be erased without touching the event, which
keeps a salted commitment to it: with a share that is purged, or in a transaction whose event says so.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import FetchedValue, ForeignKey, Identity, Index, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import UserDefinedType

from models.base import Base
from models.kinds import Actor, EventKind


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id: lets a reader follow the order of commits."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Name the type in DDL."""
        return "XID8"


class HistoryEvent(Base):
    """One thing that happened; never changed."""

    __tablename__ = "history_event"
    __table_args__ = (
        Index("ix_history_event_share", "share_id", "id"),
        Index("ix_history_event_commit", "xid", "id"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    event_key: Mapped[UUID] = mapped_column(unique=True)
    kind: Mapped[EventKind]
    # No foreign keys: the history outlives what it tells of.
    share_id: Mapped[UUID | None]
    grant_id: Mapped[UUID | None]
    position: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(server_default=func.vitrine_now())
    actor: Mapped[Actor]
    payload: Mapped[dict[str, Any]]
    payload_version: Mapped[int] = mapped_column(default=1)
    person_commitment: Mapped[bytes | None]
    xid: Mapped[int] = mapped_column(
        Xid8, server_default=func.pg_current_xact_id(), server_onupdate=FetchedValue()
    )


class HistoryPerson(Base):
    """The personal side of an event, and the salt of the commitment that the event keeps."""

    __tablename__ = "history_person"

    event_id: Mapped[int] = mapped_column(ForeignKey("history_event.id"), primary_key=True)
    salt: Mapped[bytes]
    fields: Mapped[dict[str, Any]] = mapped_column(JSONB)
