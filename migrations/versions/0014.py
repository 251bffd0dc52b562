"""Pages and zips that are no longer true: when that was seen, and what a plan leaves out."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("share", sa.Column("page_stale_at", sa.DateTime(timezone=True), nullable=True))
    # Whoever makes pages anew looks for these, among all shares, every few seconds.
    op.create_index(
        "ix_share_stale",
        "share",
        ["page_stale_at"],
        postgresql_where=sa.text("page_stale_at IS NOT NULL"),
    )
    for table in ("bundle", "selection"):
        op.add_column(table, sa.Column("absent", JSONB(), server_default="[]", nullable=False))


def downgrade() -> None:
    for table in ("bundle", "selection"):
        op.drop_column(table, "absent")
    op.drop_index("ix_share_stale", table_name="share")
    op.drop_column("share", "page_stale_at")
