"""Terms of use: exact texts, kept for ever under the digest of all their languages together."""

from datetime import datetime

from sqlalchemy import func
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class TermsVersion(Base):
    """One language of one version; the application can add rows, and change none."""

    __tablename__ = "terms_version"

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    text: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.vitrine_now())
