"""Gateways are told when a link stands differently, so that what they remember is forgotten."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_SHARE_COLUMNS = "state, expires_at, password_hash, password_epoch, terms_version, is_downloadable, current_build"


def upgrade() -> None:
    op.execute(
        """
        CREATE FUNCTION tell_gate() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_notify('gate', CASE TG_TABLE_NAME
                WHEN 'share' THEN to_jsonb(NEW)->>'id' ELSE to_jsonb(NEW)->>'share_id' END);
            RETURN NULL;
        END $$
        """
    )
    for table, columns in (
        ("share", _SHARE_COLUMNS),
        ('"grant"', "revoked_at"),
        ("shared_asset", "withdrawn_at"),
    ):
        name = table.strip('"')
        op.execute(
            f"CREATE TRIGGER {name}_is_told AFTER UPDATE OF {columns} ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION tell_gate()"
        )


def downgrade() -> None:
    for table in ("share", '"grant"', "shared_asset"):
        op.execute(f"DROP TRIGGER {table.strip(chr(34))}_is_told ON {table}")
    op.execute("DROP FUNCTION tell_gate()")
