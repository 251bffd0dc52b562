"""What is sent to harm, and what the database does at the worst moment."""

import resource

import pytest
from sqlalchemy import update

from gateway.ranges import RangeNotSatisfiable, find_part
from models import HistoryEvent, Share
from models.kinds import EventKind
from tests.publishing import link_of, publish

DOWNLOADS = ["d/1/original", "d/1/web", "bundle/original", "bundle/web"]
BOMBS = [
    "bytes=" + ",".join(f"{n}-{n}" for n in range(10_000)),
    "bytes=" + ",".join(["0-"] * 10_000),
    "bytes=0-0,1-1",
    "bytes=" + "9" * 60_000 + "-",
    "bytes=-" + "9" * 60_000,
    "bytes=0-" + "9" * 60_000,
    "bytes=" + "-" * 60_000,
    "bytes=5-2",
    "bytes=",
    "bites=0-1",
    "bytes=\u0661-\u0662".encode().decode("latin-1"),
]


@pytest.fixture
def page(installation):
    return link_of(installation, publish(installation))


@pytest.mark.parametrize("bomb", BOMBS, ids=[one[:18] for one in BOMBS])
def test_a_range_bomb_costs_nothing(bomb):
    began = resource.getrusage(resource.RUSAGE_SELF).ru_utime

    for _ in range(10):
        try:
            part = find_part({"range": bomb}, size_bytes=5000, etag="x")
        except RangeNotSatisfiable:
            part = None
        assert part is None or 0 <= part.start < part.end <= 5000

    # Processor time, which load does not change; the promise is 50 ms for one.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_utime - began < 0.5


@pytest.mark.parametrize("bomb", BOMBS, ids=[one[:18] for one in BOMBS])
def test_a_range_bomb_gets_one_thing_once_or_nothing(browser, page, bomb):
    whole = browser.get(page + "d/1/original")

    answer = browser.get(page + "d/1/original", headers={"range": bomb.encode("latin-1")})

    assert answer.status_code in {200, 206, 416}
    assert len(answer.content) <= len(whole.content)


def count_starts(owner_connection):
    kind = EventKind.DOWNLOAD_STARTED.value
    statement = "SELECT count(*) FROM history_event WHERE kind = %s"
    return owner_connection.execute(statement, [kind]).fetchone()[0]


def end_connections(cluster, database):
    with cluster.connect() as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            f" WHERE datname = '{database}' AND usename = 'vitrine_app'"
        )


@pytest.fixture
def readonly(cluster, owner_connection, database):
    """Make the database read-only for the application, and writable again."""

    def switch(is_readonly):
        word = "on" if is_readonly else "off"
        owner_connection.execute(
            f"ALTER DATABASE {database} SET default_transaction_read_only = {word}"
        )
        end_connections(cluster, database)

    yield switch
    switch(False)


@pytest.mark.parametrize("address", DOWNLOADS)
def test_no_byte_of_a_download_leaves_while_nothing_can_be_written_down(
    browser, page, owner_connection, readonly, address
):
    assert browser.get(page + "d/2/original").status_code == 200
    readonly(True)

    answers = [browser.get(page + address) for _ in range(3)]

    assert {answer.status_code for answer in answers} == {503}
    assert all(answer.headers["retry-after"] for answer in answers)
    assert all(b"JFIF" not in answer.content for answer in answers)
    assert count_starts(owner_connection) == 1
    readonly(False)
    # Without a restart.
    assert browser.get(page + address).status_code == 200
    assert count_starts(owner_connection) == 2


@pytest.fixture
def away(owner_connection, cluster, database):
    """Let nobody into the database, and everybody again."""

    def switch(is_away):
        with cluster.connect() as connection:
            word = "false" if is_away else "true"
            connection.execute(f"ALTER DATABASE {database} ALLOW_CONNECTIONS {word}")
        if is_away:
            end_connections(cluster, database)

    yield switch
    switch(False)


@pytest.mark.parametrize("address", ["", "a/1/", "i/1/1/thumbnail", *DOWNLOADS])
def test_a_database_that_is_away_gives_a_page_and_comes_back(browser, page, away, address):
    away(True)
    answer = browser.get(page + address)

    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert b"JFIF" not in answer.content
    away(False)
    assert browser.get(page + address).status_code == 200


def test_an_event_that_cannot_be_written_stops_its_own_download_alone(
    installation, browser, page, owner_connection
):
    owner_connection.execute(
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF NEW.payload->>'what' = '1/original' THEN RAISE disk_full; END IF; RETURN NEW; END $$"
    )
    owner_connection.execute(
        "CREATE TRIGGER full_disk BEFORE INSERT ON history_event"
        " FOR EACH ROW EXECUTE FUNCTION full_disk()"
    )

    assert browser.get(page + "d/1/original").status_code == 503
    assert browser.get(page + "d/2/original").status_code == 200
    with installation.transaction() as session:
        kept = session.query(HistoryEvent).where(HistoryEvent.kind == EventKind.DOWNLOAD_STARTED)
        assert [event.payload["what"] for event in kept] == ["2/original"]


def test_a_revoked_share_is_revoked_also_when_the_database_comes_back(
    installation, browser, page, away
):
    with installation.transaction() as session:
        session.execute(update(Share).values(state="revoked"))
    away(True)
    assert browser.get(page).status_code == 503
    away(False)

    assert browser.get(page).status_code == 404
