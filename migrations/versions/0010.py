"""Find the few assets of a share that are, or may be, out of it, without reading the others."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_shared_asset_ending",
        "shared_asset",
        ["share_id", "position"],
        postgresql_where=sa.text("withdrawn_at IS NOT NULL OR rights_end_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_shared_asset_ending", table_name="shared_asset")
