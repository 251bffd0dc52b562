from uuid import UUID

import pytest

from models.kinds import EventKind
from services.bundles.signature import read_keys
from services.chain.sealing import seal_waiting
from services.history import Event, event_key, record_all
from services.signing import read_public_keys

SHARES = [UUID(int=1), UUID(int=2)]


def tell(installation, *numbers):
    """Write one event for each number, in one transaction, in turn of one share and the other."""
    with installation.transaction() as session:
        record_all(
            session,
            [
                Event(
                    EventKind.PAGE_BUILT,
                    key=event_key("number", number),
                    share_id=SHARES[number % 2],
                    payload={"pages": number, "name": "ü"},
                    person={"address": f"{number}@paper.example"},
                )
                for number in numbers
            ],
        )


@pytest.fixture
def keys(installation):
    return read_keys(read_public_keys(installation))


@pytest.fixture
def sealed(installation, keys):
    """Thirty events under three seals: their ids are 1 to 30."""
    for first in (1, 11, 21):
        tell(installation, *range(first, first + 10))
        assert seal_waiting(installation) == 10
    return installation


@pytest.fixture
def tamper(cluster, database):
    """Change the history as a superuser can, who switches its guards off."""

    def change(*statements):
        with cluster.connect(database) as connection:
            for table in ("history_event", "history_seal", "history_person"):
                connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
            for statement in statements:
                connection.execute(statement)

    return change
