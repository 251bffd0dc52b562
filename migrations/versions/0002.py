"""The history is append-only, the outbox is told, and the application has its rights."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# The history is append-only twice over: the application's role may only add to it, and a trigger
# refuses a change to everybody, its owner included.
GUARDS = (
    """
    CREATE FUNCTION refuse_history_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the history is append-only: % refused', TG_OP
            USING ERRCODE = 'insufficient_privilege';
    END $$
    """,
    """
    CREATE TRIGGER history_event_is_append_only BEFORE UPDATE OR DELETE ON history_event
    FOR EACH ROW EXECUTE FUNCTION refuse_history_change()
    """,
    """
    CREATE TRIGGER history_event_is_never_truncated BEFORE TRUNCATE ON history_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_history_change()
    """,
    # Whoever waits for letters is told by the database, at the commit that queues one.
    """
    CREATE FUNCTION tell_outbox() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        NOTIFY outbox;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER outbox_is_told AFTER INSERT ON outbox
    FOR EACH STATEMENT EXECUTE FUNCTION tell_outbox()
    """,
    """
    GRANT SELECT, INSERT, UPDATE, DELETE ON share, "grant", shared_asset, rendition,
        rendition_ref, seen_original, bundle, outbox, invitation TO vitrine_app
    """,
    "GRANT SELECT, INSERT ON history_event TO vitrine_app",
    "GRANT SELECT, INSERT, DELETE ON history_person TO vitrine_app",
)

UNDO = (
    "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM vitrine_app",
    "DROP TRIGGER outbox_is_told ON outbox",
    "DROP FUNCTION tell_outbox()",
    "DROP TRIGGER history_event_is_never_truncated ON history_event",
    "DROP TRIGGER history_event_is_append_only ON history_event",
    "DROP FUNCTION refuse_history_change()",
)


def upgrade() -> None:
    for statement in GUARDS:
        op.execute(statement)


def downgrade() -> None:
    for statement in UNDO:
        op.execute(statement)
