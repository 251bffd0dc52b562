"""Run migrations as the database's owner, in one transaction."""

from alembic import context
from sqlalchemy import create_engine
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.pool import NullPool

from models import Base
from models.history import Xid8
from services.settings import get_settings


def _database_url() -> str:
    """Take the address that the caller gave, else the one of the settings."""
    given = context.config.attributes.get("url")
    return str(given or get_settings().migration_database_url.get_secret_value())


# Reflection does not know the type by itself.
ischema_names["xid8"] = Xid8

engine = create_engine(_database_url(), poolclass=NullPool)
with engine.connect() as connection:
    context.configure(
        connection=connection, target_metadata=Base.metadata, compare_server_default=False
    )
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
