"""Which flow runs worked for a share: what was asked of them stands in Prefect in clear."""

from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class ShareRun(Base):
    """One run that was asked something of a share, so that a purge can remove it from Prefect."""

    __tablename__ = "share_run"

    share_id: Mapped[UUID] = mapped_column(ForeignKey("share.id"), primary_key=True)
    run: Mapped[str] = mapped_column(primary_key=True)
