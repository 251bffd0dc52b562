"""Find shares by owner, context and state, and an asset in all of them, however many there are."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_OF_SHARES = ("owner", "context", "state")


def upgrade() -> None:
    for column in _OF_SHARES:
        op.create_index(f"ix_share_{column}_id", "share", [column, "id"])
    op.create_index("ix_share_request_key", "share", ["request_key"])
    op.create_index("ix_shared_asset_asset", "shared_asset", ["asset_id", "share_id"])
    op.create_index(
        "ix_shared_asset_entries",
        "shared_asset",
        ["parts"],
        postgresql_using="gin",
        postgresql_ops={"parts": "jsonb_path_ops"},
        postgresql_where=sa.text("kind = 'playlist'"),
    )


def downgrade() -> None:
    op.drop_index("ix_shared_asset_entries", table_name="shared_asset")
    op.drop_index("ix_shared_asset_asset", table_name="shared_asset")
    op.drop_index("ix_share_request_key", table_name="share")
    for column in _OF_SHARES:
        op.drop_index(f"ix_share_{column}_id", table_name="share")
