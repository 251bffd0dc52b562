"""Originals that were read before: what was read once is not read again."""

from datetime import datetime

from sqlalchemy import func
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.kinds import AssetKind


class SeenOriginal(Base):
    """The digests of an original as it was; any difference in the other columns reads it again."""

    __tablename__ = "seen_original"

    source_key: Mapped[str] = mapped_column(primary_key=True)
    size_bytes: Mapped[int] = mapped_column(primary_key=True)
    mtime_ns: Mapped[int] = mapped_column(primary_key=True)
    ctime_ns: Mapped[int] = mapped_column(primary_key=True)
    inode: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[bytes]
    crc32: Mapped[int]
    kind: Mapped[AssetKind]
    media_type: Mapped[str]
    seen_at: Mapped[datetime] = mapped_column(server_default=func.vitrine_now())
