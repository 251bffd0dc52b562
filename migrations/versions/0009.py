"""Bundles that prove themselves: a signing key, selections, stale plans, progress of downloads."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import INT8MULTIRANGE, JSONB

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_NOW = sa.func.vitrine_now()


def upgrade() -> None:
    op.create_table(
        "signing_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("public", sa.LargeBinary(), nullable=False),
        sa.Column("private_enc", sa.LargeBinary(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_key")),
    )
    # One signs at a time, however many processes want to make the first.
    op.create_index(
        "ix_signing_key_current",
        "signing_key",
        ["retired_at"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("retired_at IS NULL"),
    )
    for column in _planned()[-2:]:
        op.add_column("bundle", column)
    op.create_table(
        "selection",
        sa.Column("share_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("positions", JSONB(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        *_planned(),
        sa.ForeignKeyConstraint(
            ["share_id"], ["share.id"], name=op.f("fk_selection_share_id_share")
        ),
        sa.PrimaryKeyConstraint("share_id", "digest", "format", name=op.f("pk_selection")),
    )
    op.create_table(
        "download_progress",
        sa.Column("download", sa.Uuid(), nullable=False),
        sa.Column("share_id", sa.Uuid(), nullable=False),
        sa.Column("sent", INT8MULTIRANGE(), nullable=False),
        sa.ForeignKeyConstraint(
            ["share_id"], ["share.id"], name=op.f("fk_download_progress_share_id_share")
        ),
        sa.PrimaryKeyConstraint("download", name=op.f("pk_download_progress")),
    )
    op.create_index(op.f("ix_download_progress_share_id"), "download_progress", ["share_id"])
    op.add_column(
        "share", sa.Column("file_names", sa.Text(), server_default="original", nullable=False)
    )
    op.add_column(
        "share", sa.Column("keeps_folders", sa.Boolean(), server_default="true", nullable=False)
    )
    for table in ("bundle", "selection"):
        op.execute(
            f"CREATE TRIGGER {table}_is_told AFTER UPDATE OF stale_at, etag ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION tell_gate()"
        )
    for table in ("signing_key", "selection", "download_progress"):
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO vitrine_app")


def _planned() -> list[sa.Column[object]]:
    return [
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("plan_key", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("entry_count", sa.BigInteger(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("stale_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("suspects", JSONB(), server_default="[]", nullable=False),
    ]


def downgrade() -> None:
    op.drop_column("share", "keeps_folders")
    op.drop_column("share", "file_names")
    op.drop_table("download_progress")
    op.drop_table("selection")
    op.execute("DROP TRIGGER bundle_is_told ON bundle")
    op.drop_column("bundle", "suspects")
    op.drop_column("bundle", "stale_at")
    op.drop_table("signing_key")
