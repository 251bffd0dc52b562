"""Terms: their versions, never changed, and which one a share asks for."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "terms_version",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("vitrine_now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("digest", "language", name=op.f("pk_terms_version")),
    )
    op.add_column("share", sa.Column("terms_version", sa.LargeBinary(), nullable=True))
    op.execute("GRANT SELECT, INSERT ON terms_version TO vitrine_app")


def downgrade() -> None:
    op.drop_column("share", "terms_version")
    op.drop_table("terms_version")
