"""Bundles: zips as offered; only their plans are stored."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, func
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Planned:
    """What a planned zip has, whoever asked for it.

    `stale_at` is when a source was found to be other than planned: until there is a new plan,
    nothing is handed out. `suspects` are the names inside whose bytes were wrong. `absent` are the
    positions that were out of the share when it was planned.
    """

    format: Mapped[str]
    file_name: Mapped[str]
    plan_key: Mapped[str]
    size_bytes: Mapped[int]
    entry_count: Mapped[int]
    etag: Mapped[str]
    stale_at: Mapped[datetime | None]
    suspects: Mapped[list[str]] = mapped_column(server_default="[]")
    absent: Mapped[list[int]] = mapped_column(server_default="[]")


class Bundle(Planned, Base):
    """One zip that a share offers: of everything (`position` 0) or of one asset with parts."""

    __tablename__ = "bundle"

    share_id: Mapped[UUID] = mapped_column(ForeignKey("share.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    format: Mapped[str] = mapped_column(primary_key=True)


class Selection(Planned, Base):
    """One zip of what a recipient picked; whoever picks the same gets the same.

    `digest` names the picked `positions`, in hexadecimal.
    """

    __tablename__ = "selection"

    share_id: Mapped[UUID] = mapped_column(ForeignKey("share.id"), primary_key=True)
    digest: Mapped[str] = mapped_column(primary_key=True)
    format: Mapped[str] = mapped_column(primary_key=True)
    positions: Mapped[list[int]]
    asked_at: Mapped[datetime] = mapped_column(server_default=func.vitrine_now())
