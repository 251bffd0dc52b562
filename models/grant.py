"""A grant: one way into a share."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, new_id


class Grant(Base):
    """One link's token, for everybody or for one recipient; the token itself is never stored."""

    __tablename__ = "grant"
    # One grant per share and recipient ("" is everybody), however often a run is repeated.
    __table_args__ = (Index("uq_grant_share_recipient", "share_id", "recipient", unique=True),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    share_id: Mapped[UUID] = mapped_column(ForeignKey("share.id"))
    recipient: Mapped[str] = mapped_column(default="")
    recipient_name: Mapped[str] = mapped_column(default="")
    token_sha256: Mapped[bytes] = mapped_column(unique=True)
    token_enc: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(server_default=func.vitrine_now())
    revoked_at: Mapped[datetime | None]
