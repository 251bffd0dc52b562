import threading
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from models import Grant, HistoryEvent, SharedAsset
from models.kinds import ShareState
from services.changes import (
    ShareChange,
    change_share,
    revoke_link,
    revoke_share,
    withdraw_asset,
)
from services.clock import read_clock
from services.errors import ChangeRefused, ExpiryInvalid, LeaseLost, ShareNotFound
from services.freezing import claim_share
from services.leases import hold
from services.shares import find_status
from tests.publishing import a_request, publish, share_of
from tests.services.test_letters import invite
from tests.shares import keep_share


def kinds(installation, share_id):
    with installation.transaction() as session:
        events = session.query(HistoryEvent).where(HistoryEvent.share_id == share_id)
        return [one.kind.value for one in events.order_by(HistoryEvent.id)]


def change(installation, share_id, **values):
    return change_share(installation, str(share_id), ShareChange(**values), asked_by="test")


def test_a_deadline_is_postponed_and_reduced_in_the_zone_of_the_share(installation):
    share_id = publish(installation, a_request(expires_on="2030-05-01", zone="Europe/Rome"))

    assert change(installation, share_id, expires_on="2030-06-01T18:00") == ["expiry"]

    share = share_of(installation, share_id)
    assert share.expires_at == datetime(2030, 6, 1, 16, tzinfo=UTC)
    assert change(installation, share_id, expires_on="never") == ["expiry"]
    assert share_of(installation, share_id).expires_at is None


def test_the_history_says_whether_the_deadline_was_postponed_reduced_or_ended(installation):
    share = keep_share(installation)
    for text in ("2030-05-01", "2030-06-01", "2030-04-01", "never", "14 days", "now"):
        change(installation, share.id, expires_on=text)

    with installation.transaction() as session:
        events = session.query(HistoryEvent).order_by(HistoryEvent.id)
        said = [one.payload["expiry"] for one in events]
    assert said == ["reduced", "postponed", "reduced", "postponed", "reduced", "ended"]


def test_what_was_ended_stays_ended_when_it_was(installation):
    share = keep_share(installation)
    change(installation, share.id, expires_on="now")
    ended_at = share_of(installation, share.id).expires_at

    assert change(installation, share.id, expires_on="now") == []
    assert share_of(installation, share.id).expires_at == ended_at
    with installation.transaction() as session:
        assert share_of(installation, share.id).is_expired(read_clock(session))


def test_a_share_cannot_be_published_as_ended():
    with pytest.raises(ValidationError):
        a_request(expires_on="now")


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"expires_on": "2020-01-01"}, ExpiryInvalid),
        ({"expires_on": "2030-03-31T02:30", "zone": "Europe/Rome"}, ExpiryInvalid),
        ({"zone": "Europe/Rome"}, ChangeRefused),
    ],
)
def test_a_change_that_cannot_be_carried_out_changes_nothing(installation, values, error):
    share_id = publish(installation)
    before = kinds(installation, share_id)

    with pytest.raises(error):
        change(installation, share_id, **values, downloads="off")

    assert kinds(installation, share_id) == before
    assert share_of(installation, share_id).is_downloadable


def test_saying_the_same_again_changes_nothing_and_is_not_on_record(installation):
    share_id = publish(installation)
    change(installation, share_id, downloads="off")
    before = kinds(installation, share_id)

    assert change(installation, share_id, downloads="off") == []
    assert kinds(installation, share_id) == before


def test_an_unknown_field_is_no_change():
    with pytest.raises(ValidationError):
        ShareChange(pasword="x")


def test_revoking_is_for_good_and_on_record_once(installation):
    share_id = publish(installation)

    results = [revoke_share(installation, str(share_id), asked_by="test") for _ in range(3)]

    assert results == [True, False, False]
    assert share_of(installation, share_id).state is ShareState.REVOKED
    assert kinds(installation, share_id).count("share:revoked") == 1
    with pytest.raises(ChangeRefused, match="publish a new one"):
        change(installation, share_id, downloads="off")


def test_revoking_stops_a_run_that_still_publishes(installation):
    claim = claim_share(installation, a_request(), run="run")
    revoke_share(installation, str(claim.share_id), asked_by="test")

    with pytest.raises(LeaseLost), installation.transaction() as session:
        hold(session, claim)


def test_an_asset_is_withdrawn_once_and_only_if_the_share_has_it(installation):
    share_id = publish(installation)
    with installation.transaction() as session:
        asset = session.query(SharedAsset).where(SharedAsset.share_id == share_id).first()

    results = [
        withdraw_asset(installation, str(share_id), asset.asset_id, asked_by="test")
        for _ in range(2)
    ]

    assert results == [True, False]
    with pytest.raises(ChangeRefused, match="no asset"):
        withdraw_asset(installation, str(share_id), "elsewhere", asked_by="test")
    with pytest.raises(ShareNotFound):
        withdraw_asset(installation, "no such share", asset.asset_id, asked_by="test")


def test_two_who_revoke_at_the_same_moment_leave_one_event(installation):
    share_id = publish(installation)
    threads = [
        threading.Thread(
            target=revoke_share, args=(installation, str(share_id)), kwargs={"asked_by": "test"}
        )
        for _ in range(4)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert kinds(installation, share_id).count("share:revoked") == 1


def test_one_link_is_closed_and_the_others_stay(installation):
    invitation = invite(installation, "maria@paper.example", "jide@weekly.example")
    share_id = publish(installation, a_request(invitation=invitation))

    results = [
        revoke_link(installation, str(share_id), recipient="Maria@Paper.example", asked_by="test")
        for _ in range(2)
    ]

    assert results == [True, False]
    with installation.transaction() as session:
        grants = session.query(Grant).where(Grant.share_id == share_id).all()
    closed = [grant.recipient for grant in grants if grant.revoked_at is not None]
    assert closed == ["maria@paper.example"]
    with pytest.raises(ChangeRefused, match="no link"):
        revoke_link(installation, str(share_id), recipient="x@paper.example", asked_by="test")


def test_the_link_for_everybody_is_not_shown_any_more_once_it_is_closed(installation):
    share_id = publish(installation)
    revoke_link(installation, str(share_id), recipient="", asked_by="test")

    assert find_status(installation, str(share_id), asked_by="test").link == ""
