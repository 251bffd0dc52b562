"""What a share is for: one of the contexts that the DAM defines."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("share", sa.Column("context", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("share", "context")
