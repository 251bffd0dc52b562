import psycopg
import pytest

from models.kinds import EventKind
from services.history import event_key, record
from tests.conftest import PASSWORD

CHANGES = [
    "UPDATE history_event SET kind = 'share:published'",
    "DELETE FROM history_event",
    "TRUNCATE history_event CASCADE",
]


@pytest.fixture
def with_event(installation):
    with installation.transaction() as session:
        record(session, EventKind.SHARE_FROZEN, key=event_key("one"), payload={"assets": 1})


def connect(cluster, database, role):
    url = cluster.url(role, PASSWORD, database).replace("+psycopg", "")
    return psycopg.connect(url, autocommit=True)


@pytest.mark.parametrize("role", ["vitrine_app", "vitrine_owner"])
@pytest.mark.parametrize("change", CHANGES)
def test_nobody_changes_an_event(cluster, database, with_event, role, change):
    with (
        connect(cluster, database, role) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(change)


def test_the_application_cannot_move_the_clock_or_make_tables(cluster, database):
    clock = "CREATE OR REPLACE FUNCTION vitrine_now() RETURNS timestamptz LANGUAGE sql AS 'SELECT now()'"
    with connect(cluster, database, "vitrine_app") as connection:
        for statement in (clock, "CREATE TABLE mine (id int)"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_personal_fields_can_be_erased_beside_an_event_that_stays(installation, cluster, database):
    with installation.transaction() as session:
        person = {"address": "maria@paper.example"}
        record(session, EventKind.LETTER_SENT, key=event_key("two"), person=person)

    with connect(cluster, database, "vitrine_app") as connection:
        connection.execute("DELETE FROM history_person")
        left = connection.execute("SELECT kind, person_commitment FROM history_event").fetchall()

    assert [(kind, len(commitment)) for kind, commitment in left] == [("letter:sent", 32)]


def test_an_event_told_twice_stands_once(installation):
    with installation.transaction() as session:
        told = [record(session, EventKind.SHARE_FROZEN, key=event_key("x")) for _ in range(2)]

    assert told == [True, False]
