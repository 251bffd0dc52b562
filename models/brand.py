"""Brands: how pages look, whom a closed link names, what privacy policy holds. Rows never change."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, new_id


class Brand(Base):
    """One state of the platform's settings for pages; a share keeps the one it was made under.

    `accent` is `#rrggbb` or empty; `logo` and `dark_logo` name pictures in the store, or nothing.
    """

    __tablename__ = "brand"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    shows_logo: Mapped[bool] = mapped_column(default=True)
    logo: Mapped[str] = mapped_column(default="")
    dark_logo: Mapped[str] = mapped_column(default="")
    company: Mapped[str] = mapped_column(default="")
    accent: Mapped[str] = mapped_column(default="")
    privacy_url: Mapped[str] = mapped_column(default="")
    contact: Mapped[str] = mapped_column(default="")
    made_at: Mapped[datetime] = mapped_column(server_default=func.vitrine_now())
