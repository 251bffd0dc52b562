"""Bundles: zips as offered; only their plans are stored."""

from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Bundle(Base):
    """One zip that a share offers: of everything (`position` 0) or of one asset with parts."""

    __tablename__ = "bundle"

    share_id: Mapped[UUID] = mapped_column(ForeignKey("share.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    format: Mapped[str] = mapped_column(primary_key=True)
    file_name: Mapped[str]
    plan_key: Mapped[str]
    size_bytes: Mapped[int]
    entry_count: Mapped[int]
    etag: Mapped[str]
