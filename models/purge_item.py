"""What is to be removed of a share that is purged: the work list, made in one transaction."""

from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.kinds import PurgeKind


class PurgeItem(Base):
    """One thing that has to go; doing it twice is doing it once.

    `key` says which: a table, a folder of the store, a letter, a flow run. `count` and `digest` say
    what it held when the list was made: rows or objects, and the SHA-256 of their sorted keys.
    """

    __tablename__ = "purge_item"

    share_id: Mapped[UUID] = mapped_column(ForeignKey("share.id"), primary_key=True)
    kind: Mapped[PurgeKind] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(default=1)
    digest: Mapped[str] = mapped_column(default="")
    is_done: Mapped[bool] = mapped_column(default=False)
