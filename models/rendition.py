"""Renditions, addressed by content, and which share needs them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.kinds import RenditionState


class Rendition(Base):
    """One derived file, or the record that it cannot be made.

    `key` is the content address (64 hex characters); `source_width` and `source_height` are those
    of the upright original in pixels; `failure` is a code and `failure_text` a sentence.
    """

    __tablename__ = "rendition"

    key: Mapped[str] = mapped_column(primary_key=True)
    generation: Mapped[int] = mapped_column(default=0)
    state: Mapped[RenditionState]
    format: Mapped[str]
    media_type: Mapped[str] = mapped_column(default="")
    size_bytes: Mapped[int] = mapped_column(default=0)
    sha256: Mapped[bytes] = mapped_column(default=b"")
    crc32: Mapped[int] = mapped_column(default=0)
    width: Mapped[int | None]
    height: Mapped[int | None]
    source_width: Mapped[int | None]
    source_height: Mapped[int | None]
    failure: Mapped[str] = mapped_column(default="")
    failure_text: Mapped[str] = mapped_column(default="")
    made_at: Mapped[datetime] = mapped_column(server_default=func.vitrine_now())

    @property
    def store_key(self) -> str:
        """Where the bytes lie in the store."""
        return rendition_store_key(self.key, self.generation)


class RenditionRef(Base):
    """That a share needs a rendition; written before the bytes, so that none is collected early."""

    __tablename__ = "rendition_ref"
    __table_args__ = (Index("ix_rendition_ref_key", "key"),)

    share_id: Mapped[UUID] = mapped_column(ForeignKey("share.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    format: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str]


def rendition_store_key(key: str, generation: int) -> str:
    """Say where the bytes of a rendition lie: spread over 256 folders, so that none grows long."""
    return f"renditions/{key[:2]}/{key}.{generation}"
