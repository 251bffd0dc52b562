"""What comes while one commit runs is written together by the next, each event once."""

import asyncio
from contextlib import asynccontextmanager
from uuid import uuid4

import psycopg

from gateway.event_writer import EventWriter
from models import HistoryEvent
from models.kinds import Actor, EventKind
from services.history import Event
from tests.publishing import publish


def an_event(**changes):
    fields = {"kind": EventKind.PAGE_VIEWED, "key": uuid4(), "actor": Actor.RECIPIENT}
    return Event(**(fields | changes))


@asynccontextmanager
async def writing(installation):
    writer = EventWriter(installation)
    try:
        yield writer
    finally:
        await writer.close()


def test_events_that_come_together_are_committed_together(installation):
    publish(installation)

    async def write_many():
        async with writing(installation) as writer:
            await asyncio.gather(*(writer.write(an_event(person={"n": n})) for n in range(250)))

    asyncio.run(write_many())

    with installation.transaction() as session:
        views = session.query(HistoryEvent).where(HistoryEvent.kind == EventKind.PAGE_VIEWED)
        assert views.count() == 250
        assert views.with_entities(HistoryEvent.xid).distinct().count() < 10


def test_an_event_that_cannot_be_written_takes_no_other_with_it(installation):
    good, bad = an_event(), an_event(person={"agent": "zero \0 byte"})

    async def write_both():
        async with writing(installation) as writer:
            told = (writer.write(one) for one in (an_event(), bad, good))
            return await asyncio.gather(*told, return_exceptions=True)

    results = asyncio.run(write_both())

    assert results[::2] == [None, None]
    assert isinstance(results[1], psycopg.DataError)
    with installation.transaction() as session:
        keys = {row.event_key for row in session.query(HistoryEvent)}
    assert good.key in keys and bad.key not in keys


def test_an_event_outlives_a_connection_that_ended_while_nobody_needed_it(
    installation, cluster, database
):
    first, second = an_event(), an_event()

    async def write_between_restarts():
        async with writing(installation) as writer:
            await writer.write(first)
            end_connections(cluster, database)
            await writer.write(second)

    asyncio.run(write_between_restarts())

    with installation.transaction() as session:
        assert {row.event_key for row in session.query(HistoryEvent)} >= {first.key, second.key}


def end_connections(cluster, database):
    """End them as a restart of the database does."""
    with cluster.connect() as connection:
        ended = connection.execute(
            "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
            " WHERE datname = %s",
            [database],
        ).fetchone()
    assert ended[0] > 0


def test_one_event_told_twice_in_one_commit_is_one_event(installation):
    event = an_event(person={"agent": "x"})

    async def tell_twice():
        async with writing(installation) as writer:
            told = (writer.write(one) for one in (an_event(), event, event))
            await asyncio.gather(*told)

    asyncio.run(tell_twice())

    with installation.transaction() as session:
        assert session.query(HistoryEvent).where(HistoryEvent.event_key == event.key).count() == 1
