"""A history that can be believed: seals, the order of commits, and who may write what."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# Whatever the database gives by itself (id, time, transaction) is given by nobody else.
_GIVEN = (
    "event_key, kind, share_id, grant_id, position, actor, payload, payload_version,"
    " person_commitment"
)
_TRIGGERS = {
    "history_event": ("history_event_is_append_only", "history_event_is_never_truncated"),
    "history_seal": ("history_seal_is_append_only", "history_seal_is_never_truncated"),
}
# What is personal goes with the share, when that is purged, or with an event that says so: it is
# written before, in the same transaction. What never became a share has nothing to go with.
_REFUSE_SILENT_ERASURE = """
    CREATE FUNCTION refuse_silent_erasure() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
    BEGIN
        IF NOT EXISTS (
            SELECT FROM history_event WHERE xid = pg_current_xact_id() AND kind = 'person:erased'
        ) AND EXISTS (
            SELECT FROM erased JOIN history_event event ON event.id = erased.event_id
            LEFT JOIN share ON share.id = event.share_id
            WHERE event.share_id IS NOT NULL
            AND (share.state IS NULL OR share.state NOT IN ('purging', 'purged'))
        ) THEN
            RAISE EXCEPTION 'personal fields go with a purged share, or with an event that says so'
                USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NULL;
    END $$
"""


def upgrade() -> None:
    op.create_index("ix_history_event_commit", "history_event", ["xid", "id"])
    op.create_table(
        "history_seal",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("first_xid", "first_id", "last_xid", "last_id")
        ),
        sa.Column("start", sa.LargeBinary(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("entries", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_history_seal")),
    )
    # Digests do not get smaller: PostgreSQL need not try.
    op.execute("ALTER TABLE history_seal ALTER COLUMN entries SET STORAGE EXTERNAL")
    append_only, never_truncated = _TRIGGERS["history_seal"]
    op.execute(
        f"CREATE TRIGGER {append_only} BEFORE UPDATE OR DELETE ON history_seal"
        " FOR EACH ROW EXECUTE FUNCTION refuse_history_change()"
    )
    op.execute(
        f"CREATE TRIGGER {never_truncated} BEFORE TRUNCATE ON history_seal"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_history_change()"
    )
    # Also for a session that says that it replicates.
    for table, triggers in _TRIGGERS.items():
        for trigger in triggers:
            op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}")
    op.execute(_REFUSE_SILENT_ERASURE)
    op.execute(
        "CREATE TRIGGER history_person_goes_with_a_reason AFTER DELETE ON history_person"
        " REFERENCING OLD TABLE AS erased"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_silent_erasure()"
    )
    op.execute("REVOKE INSERT ON history_event FROM vitrine_app")
    op.execute(f"GRANT INSERT ({_GIVEN}) ON history_event TO vitrine_app")
    op.execute("GRANT SELECT, INSERT ON history_seal TO vitrine_app")


def downgrade() -> None:
    op.execute(f"REVOKE INSERT ({_GIVEN}) ON history_event FROM vitrine_app")
    op.execute("GRANT INSERT ON history_event TO vitrine_app")
    op.execute("DROP TRIGGER history_person_goes_with_a_reason ON history_person")
    op.execute("DROP FUNCTION refuse_silent_erasure()")
    for trigger in _TRIGGERS["history_event"]:
        op.execute(f"ALTER TABLE history_event ENABLE TRIGGER {trigger}")
    op.drop_table("history_seal")
    op.drop_index("ix_history_event_commit", table_name="history_event")
