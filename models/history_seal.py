"""Seals: signed knots in the chain of all events, made behind the write path."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class HistorySeal(Base):
    """Up to a thousand events, in the order of their commits, closed by one signature.

    `start` and `head` (32 bytes each) are the chain before the first and after the last of them,
    `previous` is the digest of the seal before. `entries` holds 40 bytes for each event: its id
    (big-endian) and the digest of its line, so that the first one that is no longer what it was
    can be named. See docs/history.md.
    """

    __tablename__ = "history_seal"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    count: Mapped[int]
    first_xid: Mapped[int]
    first_id: Mapped[int]
    last_xid: Mapped[int]
    last_id: Mapped[int]
    start: Mapped[bytes]
    head: Mapped[bytes]
    previous: Mapped[bytes]
    entries: Mapped[bytes] = mapped_column(deferred=True)
    key: Mapped[str]
    at: Mapped[datetime]
    signature: Mapped[bytes]
