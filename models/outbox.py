"""Letters: written in the transaction that makes them true, sent afterwards."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, new_id
from models.kinds import LetterState

#: The template of the letter that brings a link.
INVITATION = "invitation"


class Outbox(Base):
    """One letter to one recipient; its bytes are made once, sealed, and wiped when it is sent."""

    __tablename__ = "outbox"
    __table_args__ = (UniqueConstraint("grant_id", "template"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    share_id: Mapped[UUID] = mapped_column(ForeignKey("share.id"))
    grant_id: Mapped[UUID] = mapped_column(ForeignKey("grant.id"))
    template: Mapped[str]
    state: Mapped[LetterState] = mapped_column(default=LetterState.QUEUED, index=True)
    message_enc: Mapped[bytes | None]
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    queued_at: Mapped[datetime] = mapped_column(server_default=func.vitrine_now())
    sent_at: Mapped[datetime | None]
