"""A superuser who switches every guard off changes the database: the first row is named."""

import pytest

from services.chain.checking import verify_history
from services.chain.links import read_anchor
from services.chain.sealing import find_anchor, seal_waiting
from tests.services.chain.conftest import tell

COLUMNS = {
    "kind": "'share:published'",
    "event_key": "gen_random_uuid()",
    "at": "at + interval '1 microsecond'",
    "actor": "'owner'",
    "share_id": "NULL",
    "grant_id": "gen_random_uuid()",
    "position": "7",
    "payload": """'{"pages": 15, "name": "u"}'""",
    "payload_version": "2",
    "person_commitment": "NULL",
}
CREATE_COPY = "CREATE TABLE copy AS SELECT * FROM history_event WHERE id = {}"
INSERT_COPY = "INSERT INTO history_event OVERRIDING SYSTEM VALUE SELECT * FROM copy"


@pytest.mark.parametrize("column", COLUMNS)
def test_an_altered_event_is_named_whatever_was_altered(sealed, keys, tamper, column):
    tamper(f"UPDATE history_event SET {column} = {COLUMNS[column]} WHERE id = 15")

    verdict = verify_history(sealed, keys)

    assert (verdict.harm, verdict.event) == ("altered", 15)
    assert verdict.fault == "event 15 was altered"


def test_of_several_altered_events_the_first_is_named(sealed, keys, tamper):
    tamper("UPDATE history_event SET kind = 'share:published' WHERE id IN (8, 9, 22)")

    assert verify_history(sealed, keys).event == 8


@pytest.mark.parametrize("event", [1, 10, 11, 17, 30])
def test_a_dropped_event_is_named(sealed, keys, tamper, event):
    tamper(
        f"DELETE FROM history_person WHERE event_id = {event}",
        f"DELETE FROM history_event WHERE id = {event}",
    )

    verdict = verify_history(sealed, keys)

    assert (verdict.harm, verdict.event) == ("dropped", event)


def test_an_event_that_was_inserted_among_sealed_ones_is_named(sealed, keys, tamper):
    tamper(
        CREATE_COPY.format(15),
        "UPDATE copy SET id = 900, event_key = gen_random_uuid()",
        INSERT_COPY,
    )

    verdict = verify_history(sealed, keys)

    assert (verdict.harm, verdict.event) == ("inserted", 900)


def test_an_event_that_was_written_as_if_long_ago_is_named(sealed, keys, tamper):
    tamper(
        CREATE_COPY.format(1),
        "UPDATE copy SET id = 900, event_key = gen_random_uuid(), xid = '3'",
        INSERT_COPY,
    )

    assert verify_history(sealed, keys).event == 900


def test_events_that_changed_places_are_named(sealed, keys, tamper):
    """Each takes the other's number and transaction, and keeps what it tells."""
    tamper(
        "ALTER TABLE history_event ALTER id DROP IDENTITY",
        "UPDATE history_event SET id = -1 WHERE id = 14",
        "UPDATE history_event SET id = 14 WHERE id = 18",
        "UPDATE history_event SET id = 18 WHERE id = -1",
    )

    verdict = verify_history(sealed, keys)

    assert (verdict.harm, verdict.event) == ("altered", 14)


def test_an_event_that_was_moved_to_another_transaction_is_named(sealed, keys, tamper):
    tamper(
        "UPDATE history_event SET xid = (SELECT xid FROM history_event WHERE id = 1) WHERE id = 25"
    )

    assert not verify_history(sealed, keys).is_proven()


def test_what_was_rewritten_beside_an_event_is_named(sealed, keys, tamper):
    tamper(
        """UPDATE history_person SET fields = '{"address": "b@x.example"}' WHERE event_id = 12"""
    )

    verdict = verify_history(sealed, keys)

    assert (verdict.harm, verdict.event) == ("altered", 12)
    assert "personal" in verdict.fault


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE history_seal SET head = sha256(head) WHERE number = 2",
        "UPDATE history_seal SET count = 9 WHERE number = 2",
        "UPDATE history_seal SET at = at + interval '1 day' WHERE number = 2",
        "UPDATE history_seal SET signature = sha512(signature) WHERE number = 2",
        "UPDATE history_seal SET previous = sha256(head) WHERE number = 2",
    ],
)
def test_an_altered_seal_is_named(sealed, keys, tamper, change):
    tamper(change)

    verdict = verify_history(sealed, keys)

    assert verdict.harm == "altered" and "seal 2" in verdict.fault


def test_entries_that_were_altered_with_their_event_are_found(sealed, keys, tamper):
    tamper(
        "UPDATE history_event SET kind = 'share:published' WHERE id = 15",
        "UPDATE history_seal SET entries = overlay(entries PLACING sha256('x') FROM 169)"
        " WHERE number = 2",
    )

    verdict = verify_history(sealed, keys)

    assert verdict.harm == "altered" and "events 11 to 20" in verdict.fault


def test_a_dropped_seal_is_named(sealed, keys, tamper):
    tamper("DELETE FROM history_seal WHERE number = 2")

    verdict = verify_history(sealed, keys)

    assert verdict.harm == "dropped"
    assert "seal 2" in verdict.fault and "after event 10, before event 21" in verdict.fault


CUT = (
    "DELETE FROM history_person WHERE event_id > 20",
    "DELETE FROM history_event WHERE id > 20",
    "DELETE FROM history_seal WHERE number = 3",
)


def test_a_tail_that_was_cut_off_is_found_with_an_anchor_and_only_with_one(sealed, keys, tamper):
    anchor = find_anchor(sealed)
    tamper(*CUT)

    assert verify_history(sealed, keys).is_proven()
    assert verify_history(sealed, keys, anchor).harm == "truncated"


def test_a_tail_that_was_cut_off_and_told_anew_is_found_with_an_anchor(sealed, keys, tamper):
    anchor = find_anchor(sealed)
    tamper(*CUT)
    tell(sealed, *range(41, 51))
    seal_waiting(sealed)

    assert verify_history(sealed, keys).is_proven()
    verdict = verify_history(sealed, keys, anchor)
    assert verdict.harm == "rewritten" and "seal 3" in verdict.fault


def test_an_anchor_that_is_met_says_so(sealed, keys):
    anchor = read_anchor(str(find_anchor(sealed)))
    tell(sealed, 31)
    seal_waiting(sealed)

    verdict = verify_history(sealed, keys, anchor)

    assert verdict.is_proven() and verdict.is_anchored
