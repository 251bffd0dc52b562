"""Renditions, addressed by content, and which share needs them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.kinds import RenditionState


class Rendition(Base):
    """One derived file, the work on it, or the record that it cannot be made.

    `key` is the content address (64 hex characters). While it is being made, `maker` names who does
    and `progress` (0 to 100) how far that is; after `lease_until` the maker counts as dead.
    `wraps` is the key whose bytes these are, but for the `splices`: a packet of metadata around
    pixels that were rendered once. An original that is taken without its metadata wraps nothing
    that is stored. `wrapped_bytes` is the size of what is wrapped.
    `failure` is a code and `failure_text` a sentence. `placeholder` is a ThumbHash in base64.
    """

    __tablename__ = "rendition"
    __table_args__ = (Index("ix_rendition_wraps", "wraps", postgresql_where=text("wraps <> ''")),)

    key: Mapped[str] = mapped_column(primary_key=True)
    generation: Mapped[int] = mapped_column(default=0)
    state: Mapped[RenditionState]
    recipe: Mapped[dict[str, Any]]
    media_type: Mapped[str] = mapped_column(default="")
    size_bytes: Mapped[int] = mapped_column(default=0)
    sha256: Mapped[bytes] = mapped_column(default=b"")
    crc32: Mapped[int] = mapped_column(default=0)
    width: Mapped[int] = mapped_column(default=0)
    height: Mapped[int] = mapped_column(default=0)
    duration_ms: Mapped[int] = mapped_column(default=0)
    placeholder: Mapped[str] = mapped_column(default="")
    failure: Mapped[str] = mapped_column(default="")
    failure_text: Mapped[str] = mapped_column(default="")
    maker: Mapped[str] = mapped_column(default="")
    lease_until: Mapped[datetime | None]
    progress: Mapped[int] = mapped_column(default=0)
    wraps: Mapped[str] = mapped_column(default="")
    wrapped_bytes: Mapped[int] = mapped_column(default=0)
    splices: Mapped[list[list[Any]] | None]
    made_at: Mapped[datetime] = mapped_column(server_default=func.vitrine_now())
    #: Since when no share needs it, as far as the collection of garbage has seen.
    unneeded_at: Mapped[datetime | None]

    @property
    def store_key(self) -> str:
        """Where the bytes lie in the store."""
        return rendition_store_key(self.key, self.generation)

    def is_present(self) -> bool:
        """Whether there are bytes to be had."""
        return self.state is RenditionState.PRESENT


class RenditionRef(Base):
    """That a share needs a rendition; written before the bytes, so that none is collected early.

    `part` counts the originals of the asset from 1.
    """

    __tablename__ = "rendition_ref"
    __table_args__ = (Index("ix_rendition_ref_key", "key"),)

    share_id: Mapped[UUID] = mapped_column(ForeignKey("share.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    part: Mapped[int] = mapped_column(primary_key=True, default=1)
    format: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str]


class Inspection(Base):
    """What a look into originals of this content found: a mapping as `Facts` writes it."""

    __tablename__ = "inspection"

    sha256: Mapped[bytes] = mapped_column(primary_key=True)
    facts: Mapped[dict[str, Any]]
    inspected_at: Mapped[datetime] = mapped_column(server_default=func.vitrine_now())


def rendition_store_key(key: str, generation: int) -> str:
    """Say where the bytes of a rendition lie: spread over 256 folders, so that none grows long."""
    return f"renditions/{key[:2]}/{key}.{generation}"
