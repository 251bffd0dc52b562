"""Formats that can be taken: the catalogue, and what was made to order for one share."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, func
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Format(Base):
    """One format of the catalogue; `recipe` is a mapping as `services.formats.recipes` writes it.

    A default format is offered by every share whose owner names none.
    """

    __tablename__ = "format"

    name: Mapped[str] = mapped_column(primary_key=True)
    label: Mapped[str]
    recipe: Mapped[dict[str, Any]]
    is_default: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int]
    changed_at: Mapped[datetime] = mapped_column(server_default=func.vitrine_now())


class ShareFormat(Base):
    """A format as one share offers it: frozen, so that a change of the catalogue changes nothing.

    `is_custom` tells those that somebody asked for after the share was made.
    """

    __tablename__ = "share_format"

    share_id: Mapped[UUID] = mapped_column(ForeignKey("share.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    label: Mapped[str]
    recipe: Mapped[dict[str, Any]]
    is_custom: Mapped[bool] = mapped_column(default=False)
    made_at: Mapped[datetime] = mapped_column(server_default=func.vitrine_now())
