"""The keys with which the installation signs what others check."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, new_id


class SigningKey(Base):
    """An Ed25519 key; its public half stays for ever, its private half only while it signs.

    One is current at a time (`retired_at` is empty), which the database enforces.
    """

    __tablename__ = "signing_key"
    __table_args__ = (
        Index(
            "ix_signing_key_current",
            "retired_at",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("retired_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    public: Mapped[bytes]
    private_enc: Mapped[bytes | None]
    made_at: Mapped[datetime] = mapped_column(server_default=func.vitrine_now())
    retired_at: Mapped[datetime | None]
