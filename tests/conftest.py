"""What all tests share: a PostgreSQL of the wheel per process, a database per test, a library."""

import base64
import os
import secrets
import tempfile
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from xdist.scheduler import LoadScopeScheduling

from deployments.stack.home import ROOT
from deployments.stack.postgres import Cluster, running_cluster
from services.installation import Installation
from services.settings import Settings
from tests.photographs import write_photograph

hypothesis_settings.register_profile(
    "vitrine", deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
hypothesis_settings.load_profile("vitrine")

PASSWORD = "only-for-tests"
TEMPLATE = "vitrine_template"


# What stands on one stack, or on one server of Prefect, stays in one process; and what takes longest
# begins first, so that no process waits long for the other at the end.
_TOGETHER = {
    "browsers": (
        "end_to_end/test_gates_in_a_browser.py",
        "end_to_end/test_page_in_a_browser.py",
        "end_to_end/test_prefect_in_a_browser.py",
    ),
    "flows": ("flows/",),
}
_LONGEST_FIRST = ("end_to_end/test_stack", "end_to_end/", "flows/")


class ByStage(LoadScopeScheduling):
    """Gives a process whole modules, and together those that stand on the same stage."""

    def _split_scope(self, nodeid):
        return find_group(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Share the tests out by what they stand on."""
    return ByStage(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Begin with what takes longest; what stays together stands together."""

    def rank(item):
        place = item.nodeid.removeprefix("tests/")
        ranks = [n for n, start in enumerate(_LONGEST_FIRST) if place.startswith(start)]
        return min(ranks, default=len(_LONGEST_FIRST)), find_group(item.nodeid)

    items.sort(key=rank)


def find_group(nodeid):
    """Name what a test stays together with: its module, or all that stand on the same stage."""
    place = nodeid.partition("::")[0].removeprefix("tests/")
    found = [name for name, starts in _TOGETHER.items() if place.startswith(starts)]
    return found[0] if found else place


@pytest.fixture(autouse=True, scope="session")
def _no_settings_from_outside():
    for name in [name for name in os.environ if name.startswith(("VITRINE_", "PREFECT_"))]:
        del os.environ[name]


@pytest.fixture(scope="session")
def cluster():
    """A PostgreSQL server, with a migrated database to copy."""
    with (
        tempfile.TemporaryDirectory(prefix="vitrine test ") as folder,
        running_cluster(Path(folder) / "data", password=PASSWORD, is_durable=False) as server,
    ):
        for role in ("vitrine_owner", "vitrine_app"):
            server.create_role(role, PASSWORD)
        server.create_database(TEMPLATE, owner="vitrine_owner")
        migrate(server, TEMPLATE, "head")
        yield server


def migrate(server: Cluster, database: str, revision: str, verb: str = "upgrade") -> None:
    """Bring a database to a revision."""
    config = Config(ROOT / "alembic.ini")
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["url"] = server.url("vitrine_owner", PASSWORD, database)
    getattr(command, verb)(config, revision)


@pytest.fixture
def database(cluster):
    """A database of its own for one test: its name."""
    name = f"test_{secrets.token_hex(6)}"
    cluster.create_database(name, owner="vitrine_owner", template=TEMPLATE)
    with cluster.connect() as connection:
        connection.execute(f"GRANT CONNECT ON DATABASE {name} TO vitrine_app")
    yield name
    with cluster.connect() as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def library(tmp_path):
    """A small library: five photographs in two folders, a text, one owner with all rights."""
    root = tmp_path / "library"
    for number in range(1, 4):
        write_photograph(root / "Campaign" / f"ridge {number}.jpg", seed=number)
    for number in range(4, 6):
        write_photograph(root / "Press kit" / f"bowl {number}.jpg", seed=number)
    (root / "Press kit" / "notes.txt").write_text("Nothing to see here.")
    return root


@pytest.fixture
def installation(cluster, database, library, tmp_path):
    """An installation on that database and that library."""
    made = Installation(
        Settings(
            home=tmp_path / "home",
            library=library,
            database_url=cluster.url("vitrine_app", PASSWORD, database),
            link_key=base64.b64encode(bytes(range(32))).decode(),
            desk_key="desk-key-of-the-tests",
            render_processes=1,
            publish_lease_seconds=5,
            # What a test changes holds for its next request, without waiting for the news of it.
            gate_memory_ms=0,
        )
    )
    # Before anything is shared: a store whose mark is missing later is one that is away.
    assert made.store.is_here()
    yield made
    made.close()


@pytest.fixture
def owner_connection(cluster, database):
    """A connection as the database's owner, who may do what the application may not."""
    url = cluster.url("vitrine_owner", PASSWORD, database).replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def set_clock(owner_connection):
    """Move the one clock to a moment."""

    def move(moment):
        owner_connection.execute(
            "CREATE OR REPLACE FUNCTION vitrine_now() RETURNS timestamptz LANGUAGE sql VOLATILE"
            f" AS $$ SELECT '{moment.isoformat()}'::timestamptz $$"
        )

    return move
