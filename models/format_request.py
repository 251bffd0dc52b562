"""Format requests: what the doors ask of the standby."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, new_id
from models.kinds import Actor, RequestState


class FormatRequest(Base):
    """Somebody's wish to have a format of one asset (`position`) or of the whole share (0).

    `format` is the name under which the share offers it once it is made; the same wish, whoever has
    it, is one row. `grant_id` is the link through which it was first asked for.
    """

    __tablename__ = "format_request"
    __table_args__ = (
        Index("uq_format_request_wish", "share_id", "position", "format", unique=True),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    share_id: Mapped[UUID] = mapped_column(ForeignKey("share.id"))
    position: Mapped[int]
    format: Mapped[str]
    recipe: Mapped[dict[str, Any]]
    actor: Mapped[Actor]
    grant_id: Mapped[UUID | None]
    state: Mapped[RequestState] = mapped_column(default=RequestState.WAITING, index=True)
    failure_text: Mapped[str] = mapped_column(default="")
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    requested_at: Mapped[datetime] = mapped_column(server_default=func.vitrine_now())
    ended_at: Mapped[datetime | None]
