"""How often a password was guessed wrongly: durable, so that a restart gives nobody a new chance."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class PasswordAttempt(Base):
    """The failures of one client at one grant; an empty client stands for all strangers together."""

    __tablename__ = "password_attempt"

    grant_id: Mapped[UUID] = mapped_column(ForeignKey("grant.id"), primary_key=True)
    client: Mapped[bytes] = mapped_column(primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    hour_failures: Mapped[int] = mapped_column(default=0)
    hour_began_at: Mapped[datetime]
    closed_until: Mapped[datetime | None]
