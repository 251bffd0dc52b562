import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from models import HistoryEvent, HistorySeal
from models.kinds import EventKind
from services.bundles.signature import read_keys
from services.chain.checking import verify_history
from services.chain.sealing import find_anchor, has_waiting, seal_waiting
from services.errors import HistoryMisplaced
from services.history import event_key, record
from services.signing import read_public_keys, rotate_signing_key
from tests.services.chain.conftest import tell


def list_sealed(installation):
    """The ids that seals hold, in their order."""
    with installation.transaction() as session:
        rows = session.query(HistorySeal).order_by(HistorySeal.number).all()
        return [
            int.from_bytes(seal.entries[at : at + 8])
            for seal in rows
            for at in range(0, len(seal.entries), 40)
        ]


def test_every_event_is_sealed_once_however_often_one_seals(sealed, keys):
    assert seal_waiting(sealed) == 0 and not has_waiting(sealed)
    assert list_sealed(sealed) == list(range(1, 31))
    verdict = verify_history(sealed, keys)
    assert (verdict.fault, verdict.events, verdict.seals) == ("", 30, 3)


def test_more_events_than_a_seal_holds_are_sealed_by_one_call(installation, keys):
    tell(installation, *range(2100))

    assert has_waiting(installation)
    assert seal_waiting(installation) == 2100
    assert verify_history(installation, keys).seals == 3


def test_an_event_that_is_committed_late_is_neither_passed_over_nor_sealed_twice(
    installation, keys
):
    tell(installation, 1)
    with installation.transaction() as late:
        record(late, EventKind.SHARE_FROZEN, key=event_key("late"))
        tell(installation, 2)
        # What is behind the transaction that still runs waits for it.
        assert seal_waiting(installation) == 1
        assert not has_waiting(installation)

    assert seal_waiting(installation) == 2
    assert list_sealed(installation) == [1, 2, 3]
    assert verify_history(installation, keys).is_proven()


def test_the_order_is_that_of_transactions_and_not_of_ids(installation, keys):
    with installation.transaction() as first:
        record(first, EventKind.SHARE_FROZEN, key=event_key("first"))
        tell(installation, 1)
        record(first, EventKind.SHARE_FROZEN, key=event_key("again"))

    seal_waiting(installation)

    assert list_sealed(installation) == [1, 3, 2]
    assert verify_history(installation, keys).is_proven()


def test_two_sealers_at_once_make_one_chain(installation, keys):
    for first in range(0, 6000, 1500):
        tell(installation, *range(first, first + 1500))
    start = threading.Barrier(3)

    def seal(_):
        start.wait()
        return seal_waiting(installation)

    with ThreadPoolExecutor(3) as pool:
        counts = list(pool.map(seal, range(3)))

    assert sum(counts) == 6000
    verdict = verify_history(installation, keys)
    assert (verdict.fault, verdict.events, verdict.seals) == ("", 6000, 6)


def test_what_a_retired_key_sealed_stays_proven_and_only_by_that_key(sealed, keys):
    rotate_signing_key(sealed)
    tell(sealed, 31)
    seal_waiting(sealed)
    both = read_keys(read_public_keys(sealed))

    assert len(both) == 2
    verdict = verify_history(sealed, both)
    assert verdict.is_proven() and set(verdict.keys) == set(both)
    new = {name: key for name, key in both.items() if name not in keys}
    assert verify_history(sealed, new).harm == "unsigned"


def test_nothing_is_sealed_out_of_order_in_a_cluster_that_counts_from_below(sealed, tamper):
    tamper("UPDATE history_seal SET last_xid = 9000000000 WHERE number = 3")
    tell(sealed, 31)

    with pytest.raises(HistoryMisplaced, match="Back up"):
        seal_waiting(sealed)


def test_the_anchor_is_the_last_seal(installation):
    assert find_anchor(installation) is None
    tell(installation, 1)
    seal_waiting(installation)
    first = find_anchor(installation)
    tell(installation, 2)
    seal_waiting(installation)

    assert (first.seal, find_anchor(installation).seal) == (1, 2)
    assert len(str(first)) == len("1:") + 64


def test_writing_an_event_waits_for_no_sealer(installation):
    tell(installation, 1)
    with installation.transaction() as sealer:
        sealer.add(
            HistorySeal(
                number=1, count=1, first_xid=1, first_id=1, last_xid=1, last_id=1, start=b"",
                head=b"", previous=b"", entries=b"", key="", signature=b"",
                at=sealer.query(HistoryEvent).first().at,
            )
        )  # fmt: skip
        sealer.flush()
        tell(installation, 2)
        assert sealer.query(HistoryEvent).count() == 2
        sealer.rollback()
