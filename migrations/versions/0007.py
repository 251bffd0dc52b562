"""How much of an asset is shown, and until when its rights last."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "share", sa.Column("visibility", sa.String(64), server_default="minimum", nullable=False)
    )
    op.add_column("share", sa.Column("dam_version", sa.Text(), server_default="", nullable=False))
    op.drop_column("shared_asset", "tags")
    op.add_column(
        "shared_asset", sa.Column("details", JSONB(), server_default="[]", nullable=False)
    )
    op.add_column(
        "shared_asset", sa.Column("rights_end_at", sa.DateTime(timezone=True), nullable=True)
    )


def downgrade() -> None:
    op.drop_column("shared_asset", "rights_end_at")
    op.drop_column("shared_asset", "details")
    op.add_column("shared_asset", sa.Column("tags", JSONB(), server_default="[]", nullable=False))
    op.alter_column("shared_asset", "tags", server_default=None)
    op.drop_column("share", "dam_version")
    op.drop_column("share", "visibility")
