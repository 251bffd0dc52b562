"""Passwords: on a share, waiting under the desk's id, and the counting of wrong ones."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "password",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("vitrine_now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_password")),
    )
    op.create_table(
        "password_attempt",
        sa.Column("grant_id", sa.Uuid(), nullable=False),
        sa.Column("client", sa.LargeBinary(), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("hour_failures", sa.BigInteger(), nullable=False),
        sa.Column("hour_began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["grant.id"], name=op.f("fk_password_attempt_grant_id_grant")
        ),
        sa.PrimaryKeyConstraint("grant_id", "client", name=op.f("pk_password_attempt")),
    )
    op.add_column("share", sa.Column("password_hash", sa.Text(), server_default="", nullable=False))
    op.add_column(
        "share", sa.Column("password_epoch", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON password, password_attempt TO vitrine_app")


def downgrade() -> None:
    op.drop_column("share", "password_epoch")
    op.drop_column("share", "password_hash")
    op.drop_table("password_attempt")
    op.drop_table("password")
