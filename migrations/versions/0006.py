"""Brands: logo, palette, privacy policy and contact, kept as each share was made under them."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    texts = ("logo", "dark_logo", "company", "accent", "privacy_url", "contact")
    op.create_table(
        "brand",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shows_logo", sa.Boolean(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in texts),
        sa.Column(
            "made_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("vitrine_now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_brand")),
    )
    op.add_column("share", sa.Column("brand_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_share_brand_id_brand"), "share", "brand", ["brand_id"], ["id"])
    op.execute("GRANT SELECT, INSERT ON brand TO vitrine_app")


def downgrade() -> None:
    op.drop_constraint(op.f("fk_share_brand_id_brand"), "share", type_="foreignkey")
    op.drop_column("share", "brand_id")
    op.drop_table("brand")
