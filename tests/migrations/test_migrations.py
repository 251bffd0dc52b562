from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect

from models import Base
from tests.conftest import PASSWORD, migrate


def test_migrations_go_up_down_and_up_again(cluster, database):
    migrate(cluster, database, "base", "downgrade")

    engine = create_engine(cluster.url("vitrine_owner", PASSWORD, database))
    assert set(inspect(engine).get_table_names()) == {"alembic_version"}
    migrate(cluster, database, "head")
    inspector = inspect(engine)
    assert set(Base.metadata.tables) <= set(inspector.get_table_names())
    engine.dispose()


def test_migrations_make_exactly_what_the_models_say(cluster, database):
    engine = create_engine(cluster.url("vitrine_owner", PASSWORD, database))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})

        differences = compare_metadata(context, Base.metadata)
    engine.dispose()

    assert differences == []
