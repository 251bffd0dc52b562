"""Invitations: addresses that the desk took, so that no flow parameter carries them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, new_id


class Invitation(Base):
    """A sealed list of recipients under the id that the desk gave out."""

    __tablename__ = "invitation"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    recipients_enc: Mapped[bytes]
    recipient_count: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(server_default=func.vitrine_now())
