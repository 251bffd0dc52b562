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
from gateway.event_writer import EventWriter
from gateway.memory import Memory
from models import HistoryEvent, Share, SharedAsset
from models.kinds import Actor, EventKind
from services.access import Action, decide
from services.changes import ShareChange, change_share, revoke_share, withdraw_asset
from services.errors import LinkUnknown, ShareClosed
from services.history import Event
from services.passwords import keep_password
from services.standing import read_standing
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
    # Without its lifespan the gateway does not listen.
    browser = TestClient(create_app(remembering), raise_server_exceptions=False)
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


def an_event(**changes):
    fields = {"kind": EventKind.PAGE_VIEWED, "key": uuid4(), "actor": Actor.RECIPIENT}
    return Event(**(fields | changes))


def test_events_that_come_together_are_committed_together(installation):
    publish(installation)

    async def write_many():
        writer = EventWriter(installation)
        await asyncio.gather(*(writer.write(an_event(person={"n": n})) for n in range(250)))

    asyncio.run(write_many())

    with installation.transaction() as session:
        views = session.query(HistoryEvent).where(HistoryEvent.kind == EventKind.PAGE_VIEWED)
        assert views.count() == 250
        assert views.with_entities(HistoryEvent.xid).distinct().count() < 10


def test_an_event_that_cannot_be_written_takes_no_other_with_it(installation):
    good, bad = an_event(), an_event(person={"agent": "zero \0 byte"})

    async def write_both():
        writer = EventWriter(installation)
        return await asyncio.gather(
            writer.write(an_event()), writer.write(bad), writer.write(good), return_exceptions=True
        )

    results = asyncio.run(write_both())

    assert [type(one).__name__ for one in results] == ["NoneType", "DataError", "NoneType"]
    with installation.transaction() as session:
        keys = {row.event_key for row in session.query(HistoryEvent)}
    assert good.key in keys and bad.key not in keys


def test_one_event_told_twice_in_one_commit_is_one_event(installation):
    event = an_event(person={"agent": "x"})

    async def tell_twice():
        writer = EventWriter(installation)
        await asyncio.gather(writer.write(an_event()), writer.write(event), writer.write(event))

    asyncio.run(tell_twice())

    with installation.transaction() as session:
        assert session.query(HistoryEvent).where(HistoryEvent.event_key == event.key).count() == 1


def test_what_is_offloaded_names_a_place_in_the_store_and_sends_no_byte(installation):
    page = link_of(installation, publish(installation))
    wanted = {"offload_inline": "x-accel"}
    installation.settings = installation.settings.model_copy(update=wanted)
    browser = TestClient(create_app(installation))

    picture, download = browser.get(page + "i/1/1/thumbnail"), browser.get(page + "d/1/web")

    assert picture.headers["x-accel-redirect"].startswith("/store/renditions/")
    assert picture.content == b""
    assert "x-accel-redirect" not in download.headers
    with installation.transaction() as session:
        session.execute(update(SharedAsset).values(withdrawn_at=datetime.now(UTC)))
    assert "x-accel-redirect" not in browser.get(page + "i/1/1/thumbnail").headers
