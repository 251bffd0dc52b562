"""When a share was closed: from then on counts the time until it is purged."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("share", sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE share SET closed_at = told.at FROM history_event AS told"
        " WHERE told.share_id = share.id AND told.kind = 'share:revoked' AND share.state = 'revoked'"
    )
    # Of many shares few are open and have an end, and few are closed and not yet purged.
    op.create_index(
        "ix_share_ending",
        "share",
        ["expires_at"],
        postgresql_where=sa.text("state = 'open' AND expires_at IS NOT NULL"),
    )
    op.create_index(
        "ix_share_closed",
        "share",
        ["closed_at"],
        postgresql_where=sa.text("state IN ('expired', 'revoked')"),
    )


def downgrade() -> None:
    op.drop_index("ix_share_closed", table_name="share")
    op.drop_index("ix_share_ending", table_name="share")
    op.drop_column("share", "closed_at")
