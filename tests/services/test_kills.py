"""Kill -9 at every named moment; then the same again, and the end is as if nothing had happened."""

import asyncio
import base64
import os
import re
import secrets

import pytest

from services.changes import revoke_share
from services.failures import note_publication_failure
from services.freezing import claim_share
from services.letters import send_waiting_letters
from services.passwords import keep_password
from services.settings import Settings
from services.shares import find_share
from tests.conftest import PASSWORD, TEMPLATE
from tests.end_state import describe
from tests.house.test_house import CODE, ROOT
from tests.killed_work import BEGIN_LATE, MOMENTS, NEIGHBOUR
from tests.killing import KILLED, World, kill_at
from tests.photographs import write_photograph
from tests.publishing import publish

ENDING = {"request_key": "ending", "folder": "Campaign", "expires_on": "2030-05-01"}
#: What only this one shows is needed by nobody once it is purged.
CLOSED = {"request_key": "closed", "folder": "Press kit"}
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
    write_photograph(library / "Press kit" / "jar.jpg", seed=3)
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
        purge_after_days=0,
        garbage_grace_hours=0,
    )
    world = World(cluster, settings, name, PASSWORD)
    fill(world.installation)
    write_photograph(library / "Fresh" / "bowl.jpg", seed=9)
    yield world
    world.remove()


def fill(installation):
    """Let it have one share in each place of a life, and files that no row names."""
    publish(installation, NEIGHBOUR)
    publish(installation, NEIGHBOUR.model_copy(update=ENDING))
    closed = publish(installation, NEIGHBOUR.model_copy(update=CLOSED))
    asyncio.run(send_waiting_letters(installation))
    revoke_share(installation, "closed", asked_by="test")
    claim_share(installation, NEIGHBOUR.model_copy(update={"request_key": "dead"}), run="dead")
    claim_share(installation, NEIGHBOUR.model_copy(update={"request_key": "failed"}), run="failed")
    note_publication_failure(installation, run="failed", state="Failed")
    keep_password(installation, "larch meadow")
    with installation.transaction() as session:
        neighbour = find_share(session, "neighbour").id
    for key in (f"pages/{neighbour}/{closed.hex}/page-1.html", f"plans/{neighbour}/f00d"):
        installation.store.put(key, b"former")
        os.utime(installation.store.folder / key, (0, 0))


@pytest.fixture(scope="module")
def undisturbed(prepared, tmp_path_factory):
    """What each work leaves behind when nothing happens; done once for all its moments."""
    known = {}

    def find(work):
        if work not in known:
            world = prepared.copy(tmp_path_factory.mktemp("undisturbed"))
            begin_late(world, work)
            work(world.installation)
            begin_late(world, work, "5 minutes")
            work(world.installation)
            known[work] = describe(world.installation)
            world.remove()
        return known[work]

    return find


def begin_late(world, work, more="0 minutes"):
    """Let it be as late as the work wants it, and some more."""
    world.pass_time(f"{BEGIN_LATE.get(work, '0 days')} {more}")


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
    begin_late(world, work)
    assert kill_at(moment, work, world.settings) == KILLED

    # By then the lease of the dead run is over.
    begin_late(world, work, "5 minutes")
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
