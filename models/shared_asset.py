"""A shared asset: our frozen record of what an asset was when it was shared."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.kinds import AssetKind


class SharedAsset(Base):
    """What was shared at one position (from 1).

    `parts` lists the originals: the file of a plain asset (a film's subtitles after it), the frames
    of a 360° set, the files of a playlist's entries. Each is a mapping of `source_key`,
    `file_name`, `kind`, `role` (original or subtitles), `language`, `entry` (from 1, that of a
    playlist), `is_frame`, `title`, `media_type`, `size_bytes`, `sha256` and `crc32` (hex and
    integer), `modified_at` (ISO 8601), and `stat` (`mtime_ns`, `ctime_ns`, `inode`).
    `facts` is what was found inside the first part (see `services.formats.facts`).
    `details` is what may be shown beyond title and description: mappings of `name`, `values` and
    `is_tags`.
    """

    __tablename__ = "shared_asset"
    __table_args__ = (
        # In which shares an asset stands, the newest first.
        Index("ix_shared_asset_asset", "asset_id", "share_id"),
        # In which playlists a file stands; they are few.
        Index(
            "ix_shared_asset_entries",
            "parts",
            postgresql_using="gin",
            postgresql_ops={"parts": "jsonb_path_ops"},
            postgresql_where=text("kind = 'playlist'"),
        ),
        # The gate asks which assets are out of a share; of ten thousand few are.
        Index(
            "ix_shared_asset_ending",
            "share_id",
            "position",
            postgresql_where=text("withdrawn_at IS NOT NULL OR rights_end_at IS NOT NULL"),
        ),
    )

    share_id: Mapped[UUID] = mapped_column(ForeignKey("share.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    asset_id: Mapped[str]
    kind: Mapped[AssetKind]
    title: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    folder: Mapped[str] = mapped_column(default="")
    media_type: Mapped[str]
    source_key: Mapped[str]
    file_name: Mapped[str]
    size_bytes: Mapped[int]
    sha256: Mapped[bytes]
    crc32: Mapped[int]
    modified_at: Mapped[datetime]
    details: Mapped[list[dict[str, Any]]] = mapped_column(server_default="[]")
    rights_end_at: Mapped[datetime | None]
    parts: Mapped[list[dict[str, Any]]]
    facts: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    withdrawn_at: Mapped[datetime | None]
