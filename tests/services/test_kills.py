"""Kill -9 at every named moment; then the same again, and the end is as if nothing had happened."""

import base64
import re
import secrets

import pytest

from services.passwords import keep_password
from services.settings import Settings
from tests.conftest import PASSWORD, TEMPLATE
from tests.end_state import describe
from tests.house.test_house import CODE, ROOT
from tests.killed_work import MOMENTS, NEIGHBOUR
from tests.killing import KILLED, World, kill_at
from tests.photographs import write_photograph
from tests.publishing import publish

CASES = [
    pytest.param(work, moment, id=moment) for work, moments in MOMENTS.items() for moment in moments
]


@pytest.fixture(scope="module")
def prepared(cluster, tmp_path_factory):
    """A world with one share that is out, and a folder that nobody has rendered."""
    folder = tmp_path_factory.mktemp("prepared")
    library = folder / "library"
    for number in range(1, 3):
        write_photograph(library / "Campaign" / f"ridge {number}.jpg", seed=number)
    (library / "library.yaml").write_text(
        "users: {owner: {may_share: ['/'], name: Ada}}\n"
        "contacts: {press: [{address: maria@paper.example, name: Maria}]}\n"
    )
    name = f"prepared_{secrets.token_hex(6)}"
    cluster.create_database(name, owner="vitrine_owner", template=TEMPLATE)
    with cluster.connect() as connection:
        connection.execute(f"GRANT CONNECT ON DATABASE {name} TO vitrine_app")
    settings = Settings(
        home=folder / "home",
        library=library,
        database_url=cluster.url("vitrine_app", PASSWORD, name),
        link_key=base64.b64encode(bytes(range(32))).decode(),
        render_processes=1,
    )
    world = World(cluster, settings, name, PASSWORD)
    publish(world.installation, NEIGHBOUR)
    keep_password(world.installation, "larch meadow")
    write_photograph(library / "Fresh" / "bowl.jpg", seed=9)
    yield world
    world.remove()


@pytest.fixture(scope="module")
def undisturbed(prepared, tmp_path_factory):
    """What each work leaves behind when nothing happens; done once for all its moments."""
    known = {}

    def find(work):
        if work not in known:
            world = prepared.copy(tmp_path_factory.mktemp("undisturbed"))
            work(world.installation)
            world.pass_time("2 minutes")
            work(world.installation)
            known[work] = describe(world.installation)
            world.remove()
        return known[work]

    return find


@pytest.fixture
def world(prepared, tmp_path):
    """A copy of the prepared world for one test."""
    made = prepared.copy(tmp_path)
    yield made
    made.remove()


@pytest.mark.parametrize(("work", "moment"), CASES)
def test_after_a_kill_at_this_moment_the_same_again_ends_as_if_nothing_had_happened(
    world, undisturbed, work, moment
):
    assert kill_at(moment, work, world.settings) == KILLED

    # By then the lease of the dead run is over.
    world.pass_time("2 minutes")
    work(world.installation)

    assert describe(world.installation) == undisturbed(work)


def test_every_moment_of_the_code_has_its_test_and_its_line_in_the_docs():
    code = [name for name in CODE if name.split("/")[0] in {"services", "tasks", "gateway"}]
    named = re.findall(r'reach\(\s*"([^"]+)"', "".join((ROOT / name).read_text() for name in code))
    told = re.findall(r"^\| `([^`]+)` \|", (ROOT / "docs" / "moments.md").read_text(), re.MULTILINE)

    assert len(named) == len(set(named))
    assert sorted(told) == sorted(named) == sorted(one for some in MOMENTS.values() for one in some)


def test_no_setting_lets_production_watch_its_moments():
    callers = [
        name
        for name in CODE
        if name.endswith(".py") and not name.startswith("tests/")
        and re.search(r"\bmoments\b.*\bwatch\b|moments\.watch|_watcher", (ROOT / name).read_text())
    ]  # fmt: skip

    assert callers == ["services/moments.py"]
