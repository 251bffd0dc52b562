from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from models import HistoryEvent, Share
from models.base import new_id
from models.kinds import ShareState
from services.changes import ShareChange, change_share
from services.clock import read_clock
from services.closing import expire_shares
from services.history import list_kinds
from tests.publishing import a_request, publish, share_of


@pytest.fixture
def expiring(installation):
    """A share with an end."""
    return publish(installation, a_request(expires_on="2030-05-01"))


def test_a_share_is_marked_from_the_moment_of_its_end_on_and_not_before(
    installation, expiring, set_clock
):
    ends_at = share_of(installation, expiring).expires_at

    set_clock(ends_at - timedelta(microseconds=1))
    assert expire_shares(installation) == []
    set_clock(ends_at)
    assert expire_shares(installation) == [expiring]

    share = share_of(installation, expiring)
    assert (share.state, share.closed_at) == (ShareState.EXPIRED, ends_at)


def test_marking_twice_late_and_again_after_it_was_open_again_tells_of_each_end_once(
    installation, expiring, set_clock
):
    set_clock(share_of(installation, expiring).expires_at + timedelta(days=3))
    assert (len(expire_shares(installation)), expire_shares(installation)) == (1, [])
    change_share(installation, str(expiring), ShareChange(expires_on="2030-06-01"), asked_by="test")

    set_clock(share_of(installation, expiring).expires_at)

    assert (len(expire_shares(installation)), expire_shares(installation)) == (1, [])
    with installation.transaction() as session:
        kinds = list_kinds(session, expiring)
    told = [kind for kind in kinds if kind in {"share:expired", "share:reopened"}]
    assert told == ["share:expired", "share:reopened", "share:expired"]


def test_a_share_that_somebody_changes_at_this_moment_is_left_to_the_next_time(
    installation, expiring, set_clock
):
    set_clock(share_of(installation, expiring).expires_at)
    with installation.transaction() as session:
        session.get_one(Share, expiring, with_for_update=True)

        assert expire_shares(installation) == []

    assert expire_shares(installation) == [expiring]


def test_many_that_are_due_at_once_are_marked_with_an_event_each(installation):
    with installation.transaction() as session:
        now = read_clock(session)
        values = {"owner": "owner", "request_digest": b"", "title": "", "formats": []}
        values |= {"contact_lists": [], "state": ShareState.OPEN, "expires_at": now}
        rows = [{**values, "id": new_id(), "request_key": str(n)} for n in range(2345)]
        session.execute(insert(Share), rows)

    assert len(expire_shares(installation)) == 2345

    with installation.transaction() as session:
        told = session.scalars(select(HistoryEvent.share_id)).all()
        states = session.scalars(select(Share.state)).all()
    assert sorted(told) == sorted(row["id"] for row in rows)
    assert set(states) == {ShareState.EXPIRED}
