from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from models import Grant, Share, SharedAsset
from models.kinds import ShareState
from services.changes import withdraw_asset
from services.errors import ShareNotFound
from services.overview import OverviewQuery, read_overview, read_share
from services.scrubbing import scrub
from tests.publishing import a_request, publish
from tests.services.test_letters import invite
from tests.shares import keep_share

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
OLD = NOW - timedelta(days=31)


def titles(installation, **values):
    return [one.title for one in read_overview(installation, OverviewQuery(**values)).rows]


@pytest.fixture
def shares(installation, set_clock):
    """One share of each kind, called by what it is."""
    set_clock(NOW)
    past, future = NOW - timedelta(days=1), NOW + timedelta(days=1)
    keep_share(installation, title="old", created_at=OLD, expires_at=past)
    keep_share(installation, title="old revoked", created_at=OLD, state=ShareState.REVOKED)
    keep_share(installation, title="old live", created_at=OLD, expires_at=future)
    keep_share(installation, title="old for ever", created_at=OLD, owner="ben", context="press")
    keep_share(installation, title="old waiting", created_at=OLD, state=ShareState.PUBLISHING)
    keep_share(installation, title="new over", created_at=past, expires_at=past)
    keep_share(installation, title="new", created_at=past, context="press")


def test_the_overview_has_what_is_recent_and_whatever_is_live_the_newest_first(
    installation, shares
):
    assert titles(installation) == [
        "new",
        "new over",
        "old waiting",
        "old for ever",
        "old live",
    ]


def test_all_are_all(installation, shares):
    assert len(titles(installation, shares="all")) == 7


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"owner": "ben"}, ["old for ever"]),
        ({"owner": "nobody"}, []),
        ({"context": "press"}, ["new", "old for ever"]),
        ({"context": "press", "owner": "anna"}, ["new"]),
        ({"state": "open"}, ["new", "old for ever", "old live"]),
        ({"state": "expired"}, ["new over"]),
        ({"state": "expired", "shares": "all"}, ["new over", "old"]),
        ({"state": "revoked", "shares": "all"}, ["old revoked"]),
        ({"state": "publishing"}, ["old waiting"]),
    ],
)
def test_the_overview_narrows_by_owner_state_and_context(installation, shares, values, expected):
    assert titles(installation, **values) == expected


def test_the_state_is_that_of_the_clock_whatever_is_kept(installation, shares):
    found = read_overview(installation, OverviewQuery(shares="all"))

    assert {one.title: one.state for one in found.rows}["old"] == "expired"


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
def test_pages_hold_every_share_once(installation, shares, limit):
    seen, after = [], ""
    while True:
        found = read_overview(installation, OverviewQuery(shares="all", limit=limit, after=after))
        assert len(found.rows) <= limit
        seen += [one.title for one in found.rows]
        after = found.after
        if not after:
            break

    assert seen == titles(installation, shares="all")


def test_a_row_says_what_was_shared_and_with_how_many(installation):
    invitation = invite(installation, "maria@paper.example", "jide@weekly.example")
    share_id = publish(installation, a_request(invitation=invitation))
    withdraw_asset(installation, str(share_id), "Campaign/ridge 1.jpg", asked_by="test")

    row = read_overview(installation, OverviewQuery()).rows[0]

    assert (row.share_id, row.assets, row.withdrawn, row.recipients) == (share_id, 6, 1, 2)
    assert (row.has_password, row.has_terms, row.is_downloadable) == (False, False, True)


def test_one_share_is_read_with_what_was_asked_for_it(installation):
    share = keep_share(installation, request_key="spring", folder="Campaign", zone="Europe/Rome")

    found = read_share(installation, "spring")

    assert found == read_share(installation, str(share.id))
    assert (found.folder, found.zone, found.formats) == ("Campaign", "Europe/Rome", ["original"])
    assert (found.views["human"], found.downloads) == (0, 0)
    with pytest.raises(ShareNotFound):
        read_share(installation, "winter")


def test_a_purged_share_is_still_listed_by_its_ids_and_times(installation):
    share = keep_share(installation, title="Secret", state=ShareState.PURGED)
    with installation.transaction() as session:
        session.query(SharedAsset).delete()
        session.query(Grant).delete()
        scrub(session.get_one(Share, share.id))

    row = read_overview(installation, OverviewQuery(shares="all", state="purged")).rows[0]

    assert (row.share_id, row.owner, row.title, row.assets) == (share.id, "anna", "", 0)
    assert read_share(installation, str(share.id)).summary == row


@pytest.mark.parametrize(
    "values", [{"limit": 0}, {"limit": 501}, {"after": "x"}, {"state": "shut"}, {"sort": "title"}]
)
def test_a_question_that_makes_no_sense_is_refused_by_the_form(values):
    with pytest.raises(ValidationError):
        OverviewQuery(**values)
