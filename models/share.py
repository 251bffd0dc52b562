"""A share, and its rules that the row can answer by itself."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, new_id
from models.kinds import ShareState, Visibility

#: In these states a share has a page that recipients may reach or may have reached.
WAS_OPEN = frozenset({ShareState.OPEN, ShareState.EXPIRED})


class Share(Base):
    """A frozen selection of assets, open to its recipients until it expires."""

    __tablename__ = "share"
    __table_args__ = (
        UniqueConstraint("owner", "request_key"),
        # Ids sort by the time of their making: each pages through the newest first.
        Index("ix_share_owner_id", "owner", "id"),
        Index("ix_share_context_id", "context", "id"),
        Index("ix_share_state_id", "state", "id"),
        Index("ix_share_request_key", "request_key"),
        Index(
            "ix_share_ending",
            "expires_at",
            postgresql_where=text("state = 'open' AND expires_at IS NOT NULL"),
        ),
        Index(
            "ix_share_closed",
            "closed_at",
            postgresql_where=text("state IN ('expired', 'revoked')"),
        ),
        Index(
            "ix_share_stale", "page_stale_at", postgresql_where=text("page_stale_at IS NOT NULL")
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    request_key: Mapped[str]
    request_digest: Mapped[bytes]
    owner: Mapped[str]
    owner_name: Mapped[str] = mapped_column(default="")
    owner_address: Mapped[str] = mapped_column(default="")
    title: Mapped[str]
    message: Mapped[str] = mapped_column(default="")
    folder: Mapped[str] = mapped_column(default="")
    #: The DAM's label for what the share is for; empty: none.
    context: Mapped[str] = mapped_column(default="", server_default="")
    locale: Mapped[str] = mapped_column(default="en")
    state: Mapped[ShareState] = mapped_column(default=ShareState.DRAFT)
    created_at: Mapped[datetime] = mapped_column(server_default=func.vitrine_now())
    frozen_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    #: When it expired or was revoked; empty while it is open.
    closed_at: Mapped[datetime | None]
    expires_text: Mapped[str] = mapped_column(default="never")
    zone: Mapped[str] = mapped_column(default="UTC")
    is_downloadable: Mapped[bool] = mapped_column(default=True)
    stays_closed_on_failure: Mapped[bool] = mapped_column(default=False)
    visibility: Mapped[Visibility] = mapped_column(
        default=Visibility.MINIMUM, server_default="minimum"
    )
    #: The DAM's users and rights as they were when the share was frozen.
    dam_version: Mapped[str] = mapped_column(default="", server_default="")
    #: Names in the order in which they are offered; their recipes stand in `share_format`.
    formats: Mapped[list[str]]
    #: Whether originals leave the house without the metadata that they carry.
    strips_originals: Mapped[bool] = mapped_column(default=False, server_default="false")
    #: What downloads are called: `original` as their files, `title` as the DAM calls the assets.
    file_names: Mapped[str] = mapped_column(default="original", server_default="original")
    #: Whether zips have the folders of the shared folder.
    keeps_folders: Mapped[bool] = mapped_column(default=True, server_default="true")
    contact_lists: Mapped[list[str]]
    invitation: Mapped[str] = mapped_column(default="")
    #: Empty: no password is asked for. Whoever knew an earlier one (another epoch) is asked again.
    password_hash: Mapped[str] = mapped_column(default="", server_default="")
    password_epoch: Mapped[int] = mapped_column(default=0, server_default="0")
    terms_version: Mapped[bytes | None]
    #: How its pages look: as the platform was set when the share was made.
    brand_id: Mapped[UUID | None] = mapped_column(ForeignKey("brand.id"))
    current_build: Mapped[str | None]
    #: Since when its pages say something that is no longer true; none: they are true.
    page_stale_at: Mapped[datetime | None]
    lease_holder: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(default=0)

    def is_expired(self, now: datetime) -> bool:
        """Whether the share's time is over at `now`; the moment of expiry itself is closed."""
        return self.expires_at is not None and now >= self.expires_at

    def is_open(self, now: datetime) -> bool:
        """Whether a recipient may enter at `now`."""
        return self.state is ShareState.OPEN and not self.is_expired(now)

    def was_open(self) -> bool:
        """Whether the holder of a link may learn that the share existed and has closed."""
        return self.state in WAS_OPEN
