"""How much of a download has been handed over, where it takes more than one request."""

from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import INT8MULTIRANGE
from sqlalchemy.dialects.postgresql.ranges import MultiRange
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class DownloadProgress(Base):
    """The bytes of one download that were handed to its visitor's connections, as ranges."""

    __tablename__ = "download_progress"

    download: Mapped[UUID] = mapped_column(primary_key=True)
    share_id: Mapped[UUID] = mapped_column(ForeignKey("share.id"), index=True)
    sent: Mapped[MultiRange[int]] = mapped_column(INT8MULTIRANGE)
