"""Passwords that the desk took, as their hashes, so that no flow parameter carries one."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, new_id


class Password(Base):
    """The hash of a password under the id that the desk gave out."""

    __tablename__ = "password"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    hash: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.vitrine_now())
