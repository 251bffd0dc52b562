"""What a gateway remembers is exact for expiry, short for everything else, and told of changes."""

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from gateway.app import create_app
from gateway.memory import Memory
from models import Share, SharedAsset
from services.access import Action, decide
from services.changes import ShareChange, change_share, revoke_share, withdraw_asset
from services.errors import LinkUnknown, ShareClosed
from services.passwords import keep_password
from services.standing import read_standing
from tests.browsing import create_deaf_app
from tests.publishing import link_of, publish

REMEMBERED = 0.5


@pytest.fixture
def remembering(installation):
    """The installation with a gateway that remembers for half a second."""
    patient = installation.settings.model_copy(update={"gate_memory_ms": int(REMEMBERED * 1000)})
    installation.settings = patient
    return installation


@pytest.fixture
def browser(remembering):
    with TestClient(create_app(remembering), raise_server_exceptions=False) as client:
        yield client


def revoke(installation, share_id):
    revoke_share(installation, str(share_id), asked_by="test")


def withdraw(installation, share_id):
    withdraw_asset(installation, str(share_id), "Campaign/ridge 1.jpg", asked_by="test")


def protect(installation, share_id):
    password_id, _ = keep_password(installation, "larch meadow")
    wanted = ShareChange(password=str(password_id))
    change_share(installation, str(share_id), wanted, asked_by="test")


@pytest.mark.parametrize("close", [revoke, withdraw, protect])
def test_a_change_is_true_within_a_moment_though_the_gate_remembers(remembering, browser, close):
    share_id = publish(remembering)
    address = link_of(remembering, share_id) + "a/1/"
    assert browser.get(address).status_code == 200

    close(remembering, share_id)
    closed_at = time.monotonic()
    while browser.get(address).status_code == 200:
        assert time.monotonic() - closed_at < 20 * REMEMBERED, "never told, never forgotten"

    assert browser.get(address).status_code in {401, 404}


def test_where_many_ask_nobody_waits_for_the_database_but_the_first(remembering):
    share_id = publish(remembering)
    token = link_of(remembering, share_id).rstrip("/").rpartition("/")[2]
    reads = []

    async def ask():
        memory = Memory(REMEMBERED)
        may_answer = asyncio.Event()
        may_answer.set()

        async def read():
            reads.append(token)
            await may_answer.wait()
            with remembering.transaction() as session:
                return read_standing(session, token)

        first, _ = await memory.find_standing(token, read)
        await asyncio.sleep(0.6 * REMEMBERED)
        may_answer.clear()
        again, _ = await memory.find_standing(token, read)
        await memory.find_standing(token, read)
        may_answer.set()
        await asyncio.sleep(0.3 * REMEMBERED)
        anew, _ = await memory.find_standing(token, read)
        return first, again, anew

    first, again, anew = asyncio.run(ask())

    assert again is first
    assert anew is not first
    assert len(reads) == 2


@pytest.mark.parametrize("links", [1, 20])
def test_of_eight_links_nobody_waits_who_asks_again_within_seconds(links):
    reads = []

    async def ask():
        memory = Memory(REMEMBERED)

        async def read():
            reads.append(None)
            return Reading(Share(id=uuid4()), "one")

        for number in range(links):
            await memory.find_standing(f"{number:043}", read)
        await asyncio.sleep(1.5 * REMEMBERED)
        before = len(reads)
        for number in range(links):
            await memory.find_standing(f"{number:043}", read)
        return before, len(reads)

    before, after = asyncio.run(ask())

    kept = min(links, 8)
    assert before - links >= kept
    assert (before - links) % kept == 0
    assert after - before == links - kept


def test_a_link_that_nobody_asks_for_any_more_is_left_to_be_forgotten(monkeypatch):
    monkeypatch.setattr("gateway.memory._KEPT_SECONDS", 2 * REMEMBERED)
    reads = []

    async def ask():
        async def read():
            reads.append(None)
            return Reading(Share(id=uuid4()), "one")

        await Memory(REMEMBERED).find_standing("t" * 43, read)
        await asyncio.sleep(4 * REMEMBERED)

    asyncio.run(ask())

    assert 1 < len(reads) <= 4


def test_a_link_that_is_gone_when_it_is_read_anew_is_gone_for_the_next_one_who_asks():
    memory, token = Memory(REMEMBERED), "t" * 43

    async def ask():
        async def read():
            return Reading(Share(id=uuid4()), "one")

        async def read_nothing():
            raise LinkUnknown

        await memory.find_standing(token, read)
        await asyncio.sleep(0.6 * REMEMBERED)
        await memory.find_standing(token, read_nothing)
        await asyncio.sleep(0.5 * REMEMBERED)
        with pytest.raises(LinkUnknown):
            await memory.find_standing(token, read_nothing)

    asyncio.run(ask())


def test_without_news_from_the_database_a_memory_ends_by_itself(remembering):
    share_id = publish(remembering)
    address = link_of(remembering, share_id)
    browser = TestClient(create_deaf_app(remembering), raise_server_exceptions=False)
    assert browser.get(address).status_code == 200

    revoke(remembering, share_id)
    assert browser.get(address).status_code == 200
    time.sleep(REMEMBERED + 0.05)

    assert browser.get(address).status_code == 404


@pytest.mark.parametrize(("remembered_for", "is_open"), [(0.0, True), (9.5, True), (10.0, False)])
def test_a_remembered_share_closes_on_its_moment(installation, remembered_for, is_open):
    token = link_of(installation, publish(installation)).split("/")[2]
    with installation.transaction() as session:
        read = read_standing(session, token)
    read.share.expires_at = read.read_at + timedelta(seconds=10)

    standing = replace(read, counted_from=time.monotonic() - remembered_for)
    try:
        decide(standing, installation.seals, now=standing.count_on(), action=Action.LOOK)
        was_open = True
    except ShareClosed:
        was_open = False

    assert was_open is is_open


def test_a_reading_that_a_change_overtook_is_not_remembered(installation):
    memory = Memory(REMEMBERED)
    share = Share(id=uuid4())

    async def scenario():
        begun, goes_on = asyncio.Event(), asyncio.Event()

        async def read(what):
            begun.set()
            await goes_on.wait()
            return what

        old = Reading(share, "old")
        first = asyncio.create_task(memory.find_standing("token", lambda: read(old)))
        await begun.wait()
        memory.forget(str(share.id))
        new = asyncio.create_task(
            memory.find_standing("token", lambda: read(Reading(share, "new")))
        )
        await asyncio.sleep(0)
        goes_on.set()
        await asyncio.gather(first, new)
        return (await memory.find_standing("token", lambda: read(old)))[0]

    assert asyncio.run(scenario()).name == "new"


class Reading:
    """A standing, as far as a memory looks at it."""

    def __init__(self, share, name):
        self.share, self.name = share, name
        self.counted_from = time.monotonic()

    def count_on(self):
        return datetime.now(UTC)


def test_all_who_ask_at_once_read_once(installation):
    memory = Memory(REMEMBERED)
    readings = 0

    async def read():
        nonlocal readings
        readings += 1
        await asyncio.sleep(0.01)
        return Reading(Share(id=uuid4()), "one")

    async def ask_often():
        await asyncio.gather(*(memory.find_standing("token", read) for _ in range(100)))

    asyncio.run(ask_often())

    assert readings == 1


def test_an_unknown_link_is_never_remembered(installation):
    memory = Memory(REMEMBERED)

    async def read():
        raise LinkUnknown

    async def ask_twice():
        for _ in range(2):
            with pytest.raises(LinkUnknown):
                await memory.find_standing("token", read)

    asyncio.run(ask_twice())


def test_what_is_offloaded_names_a_place_in_the_store_and_sends_no_byte(installation):
    page = link_of(installation, publish(installation))
    wanted = {"offload_inline": "x-accel"}
    installation.settings = installation.settings.model_copy(update=wanted)
    browser = TestClient(create_deaf_app(installation))

    picture, download = browser.get(page + "i/1/1/thumbnail"), browser.get(page + "d/1/web")

    assert picture.headers["x-accel-redirect"].startswith("/store/renditions/")
    assert picture.content == b""
    assert "x-accel-redirect" not in download.headers
    with installation.transaction() as session:
        session.execute(update(SharedAsset).values(withdrawn_at=datetime.now(UTC)))
    assert "x-accel-redirect" not in browser.get(page + "i/1/1/thumbnail").headers
