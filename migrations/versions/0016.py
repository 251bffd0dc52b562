"""Purges and the collection of garbage: what is to go, what nobody needs, and nothing that is late."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

#: Tables whose rows belong to a share.
_BOUND = (
    "bundle",
    "download_progress",
    "format_request",
    "grant",
    "outbox",
    "rendition_ref",
    "selection",
    "share_format",
    "share_run",
    "shared_asset",
)

# Whoever is late (a process that was asleep) must not write to a share that is being purged. The
# foreign key has locked the share's row by the time this looks, and a purge begins by locking it in
# a way that excludes that: either the row is there before the purge begins, or it is refused here.
_REFUSE = """
    CREATE FUNCTION refuse_late_rows() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (
            SELECT FROM share WHERE state IN ('purging', 'purged')
            AND id IN (SELECT share_id FROM added)
        ) THEN
            RAISE EXCEPTION 'the share is being purged: nothing is added to % any more', TG_TABLE_NAME
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$
"""


def upgrade() -> None:
    op.create_table(
        "purge_item",
        sa.Column("share_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("is_done", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["share_id"], ["share.id"], name=op.f("fk_purge_item_share_id_share")
        ),
        sa.PrimaryKeyConstraint("share_id", "kind", "key", name=op.f("pk_purge_item")),
    )
    op.create_table(
        "share_run",
        sa.Column("share_id", sa.Uuid(), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["share_id"], ["share.id"], name=op.f("fk_share_run_share_id_share")
        ),
        sa.PrimaryKeyConstraint("share_id", "run", name=op.f("pk_share_run")),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON purge_item, share_run TO vitrine_app")
    op.execute(_REFUSE)
    for table in _BOUND:
        op.execute(
            f'CREATE TRIGGER {table}_is_in_time AFTER INSERT ON "{table}"'
            " REFERENCING NEW TABLE AS added FOR EACH STATEMENT"
            " EXECUTE FUNCTION refuse_late_rows()"
        )
    op.add_column("rendition", sa.Column("unneeded_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_rendition_wraps", "rendition", ["wraps"], postgresql_where=sa.text("wraps <> ''")
    )
    # A number that no file has had: what a slow collector still removes is never what was made since.
    op.execute("CREATE SEQUENCE rendition_generation")
    op.execute("GRANT USAGE ON SEQUENCE rendition_generation TO vitrine_app")


def downgrade() -> None:
    op.execute("DROP SEQUENCE rendition_generation")
    op.drop_index("ix_rendition_wraps", table_name="rendition")
    op.drop_column("rendition", "unneeded_at")
    for table in _BOUND:
        if table != "share_run":
            op.execute(f'DROP TRIGGER {table}_is_in_time ON "{table}"')
    op.drop_table("share_run")
    op.execute("DROP FUNCTION refuse_late_rows()")
    op.drop_table("purge_item")
