from uuid import UUID

import psycopg
import pytest

from models import HistoryEvent, HistoryPerson, Share
from models.kinds import EventKind, ShareState
from services.history import event_key, record
from tests.conftest import PASSWORD

SHARE = UUID(int=7)
TABLES = ["history_event", "history_seal"]
CHANGES = [
    "UPDATE {} SET key = key",
    "DELETE FROM {}",
    "TRUNCATE {} CASCADE",
]
#: What would put a guard out of its way; the application may do none of it.
WAYS_ROUND = [
    "ALTER TABLE {} DISABLE TRIGGER ALL",
    "ALTER TABLE {} ADD COLUMN mine int",
    "DROP TABLE {} CASCADE",
    "DROP TRIGGER {}_is_append_only ON {}",
    "CREATE RULE mine AS ON INSERT TO {} DO INSTEAD NOTHING",
    "CREATE OR REPLACE FUNCTION refuse_history_change() RETURNS trigger LANGUAGE sql AS 'SELECT 1'",
    "SET session_replication_role = replica",
]
INSERT = (
    "INSERT INTO history_event (event_key, kind, actor, payload, payload_version{column})"
    " {overriding} VALUES (gen_random_uuid(), 'share:frozen', 'system', '{{}}', 1{value})"
)
NOT_THEIRS = [
    {"column": ", at", "overriding": "", "value": ", '2020-01-01'"},
    {"column": ", xid", "overriding": "", "value": ", '1'"},
    {"column": ", id", "overriding": "OVERRIDING SYSTEM VALUE", "value": ", 1"},
]
NOTHING_MORE = {"column": "", "overriding": "", "value": ""}


@pytest.fixture
def with_rows(installation, owner_connection):
    with installation.transaction() as session:
        record(session, EventKind.SHARE_FROZEN, key=event_key("one"), payload={"assets": 1})
    owner_connection.execute(
        "INSERT INTO history_seal VALUES (1, 1, 1, 1, 1, 1, '', '', '', '', '', now(), '')"
    )


def connect(cluster, database, role):
    if role == "postgres":
        return cluster.connect(database)
    url = cluster.url(role, PASSWORD, database).replace("+psycopg", "")
    return psycopg.connect(url, autocommit=True)


def a_share(state):
    return Share(
        id=SHARE, request_key="k", request_digest=b"", owner="o", title="t", state=state,
        formats=[], contact_lists=[],
    )  # fmt: skip


def refuse(cluster, database, role, statement):
    with (
        connect(cluster, database, role) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement)


@pytest.mark.parametrize("role", ["vitrine_app", "vitrine_owner", "postgres"])
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("change", CHANGES)
def test_nobody_changes_an_event_or_a_seal(cluster, database, with_rows, role, table, change):
    column = "event_key" if table == "history_event" else "key"

    refuse(cluster, database, role, change.replace("key", column).format(table))


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("way", WAYS_ROUND)
def test_the_application_finds_no_way_round(cluster, database, with_rows, table, way):
    refuse(cluster, database, "vitrine_app", way.format(table, table))


@pytest.mark.parametrize("change", CHANGES)
def test_not_even_a_session_that_replicates_changes_an_event(cluster, database, with_rows, change):
    with cluster.connect(database) as connection:
        connection.execute("SET session_replication_role = replica")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(change.replace("key", "event_key").format("history_event"))


@pytest.mark.parametrize("given", NOT_THEIRS, ids=["time", "transaction", "number"])
def test_number_time_and_transaction_of_an_event_are_the_databases(cluster, database, given):
    refuse(cluster, database, "vitrine_app", INSERT.format(**given))


def test_an_event_cannot_be_written_over_another(cluster, database, with_rows):
    over = " ON CONFLICT (event_key) DO UPDATE SET kind = 'share:published'"
    with connect(cluster, database, "vitrine_app") as connection:
        connection.execute(INSERT.format(**NOTHING_MORE))

    refuse(cluster, database, "vitrine_app", INSERT.format(**NOTHING_MORE) + over)


def tell_of(installation, share_id=None):
    with installation.transaction() as session:
        person = {"address": "maria@paper.example"}
        key = event_key("two", share_id)
        record(session, EventKind.LETTER_SENT, key=key, share_id=share_id, person=person)


@pytest.fixture
def told(installation):
    """An event of an open share, with an address beside it."""
    with installation.transaction() as session:
        session.add(a_share(ShareState.OPEN))
    tell_of(installation, SHARE)


def test_nothing_personal_is_erased_in_silence(told, cluster, database):
    for statement in ("DELETE FROM history_person", "TRUNCATE history_person"):
        refuse(cluster, database, "vitrine_app", statement)


def test_what_is_personal_is_never_rewritten(told, cluster, database):
    refuse(cluster, database, "vitrine_app", "UPDATE history_person SET fields = '{}'")


def test_an_event_of_another_transaction_excuses_no_erasure(told, installation, cluster, database):
    with installation.transaction() as session:
        record(session, EventKind.PERSON_ERASED, key=event_key("before"))

    refuse(cluster, database, "vitrine_app", "DELETE FROM history_person")


def test_personal_fields_are_erased_beside_an_event_that_stays_and_one_that_says_so(
    told, installation
):
    with installation.transaction() as session:
        record(session, EventKind.PERSON_ERASED, key=event_key("now"))
        session.query(HistoryPerson).delete()

    with installation.transaction() as session:
        left = session.query(HistoryEvent).order_by(HistoryEvent.id).all()
        assert [one.kind for one in left] == [EventKind.LETTER_SENT, EventKind.PERSON_ERASED]
        assert len(left[0].person_commitment) == 32


@pytest.mark.parametrize("state", [ShareState.OPEN, ShareState.EXPIRED, ShareState.REVOKED])
def test_a_share_that_is_not_purged_keeps_what_is_personal(installation, cluster, database, state):
    with installation.transaction() as session:
        session.add(a_share(state))

    tell_of(installation, SHARE)

    refuse(cluster, database, "vitrine_app", "DELETE FROM history_person")


def test_what_never_became_a_share_has_nothing_to_go_with(installation):
    tell_of(installation)

    with installation.transaction() as session:
        assert session.query(HistoryPerson).delete() == 1


def test_a_share_that_is_being_purged_lets_go_of_what_is_personal(installation):
    with installation.transaction() as session:
        session.add(a_share(ShareState.PURGING))
    tell_of(installation, SHARE)

    with installation.transaction() as session:
        assert session.query(HistoryPerson).delete() == 1


def test_the_application_cannot_move_the_clock_or_make_tables(cluster, database):
    clock = "CREATE OR REPLACE FUNCTION vitrine_now() RETURNS timestamptz LANGUAGE sql AS 'SELECT now()'"
    for statement in (clock, "CREATE TABLE mine (id int)"):
        refuse(cluster, database, "vitrine_app", statement)


def test_an_event_told_twice_stands_once(installation):
    with installation.transaction() as session:
        told = [record(session, EventKind.SHARE_FROZEN, key=event_key("x")) for _ in range(2)]

    assert told == [True, False]
