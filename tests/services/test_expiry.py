from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.kinds import ShareState
from models.share import Share
from services.errors import ExpiryInvalid
from services.expiry import find_expiry

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ZONES = ["UTC", "Europe/Rome", "America/New_York", "Asia/Tokyo", "Pacific/Auckland", "Asia/Kolkata"]


@given(st.dates(date(2026, 11, 25), date(2040, 1, 1)), st.sampled_from(ZONES))
def test_a_day_is_open_to_its_last_second_in_the_owners_zone(day, zone):
    expires_at = find_expiry(day.isoformat(), zone=zone, now=NOW)

    local = expires_at.astimezone(ZoneInfo(zone))
    last = (expires_at - timedelta(seconds=1)).astimezone(ZoneInfo(zone))
    assert (last.date(), local.date()) == (day, day + timedelta(days=1))


def test_never_has_no_moment():
    assert find_expiry("never", zone="UTC", now=NOW) is None


def test_a_time_in_the_gap_of_the_clock_is_refused():
    with pytest.raises(ExpiryInvalid, match="skip"):
        find_expiry("2027-03-28T02:30", zone="Europe/Rome", now=NOW)


def test_of_a_doubled_time_the_later_one_counts():
    expires_at = find_expiry("2027-10-31T02:30", zone="Europe/Rome", now=NOW)

    assert expires_at == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "zone", "why"),
    [
        ("2026-11-22", "UTC", "passed"),
        ("2026-11-23T12:00", "UTC", "passed"),
        ("2026-02-30", "UTC", "calendar"),
        ("tomorrow!!", "UTC", "calendar"),
        ("next week", "UTC", "write a day"),
        ("2027-01-01", "Europe/Atlantis", "time zone"),
        ("2027-01-01", "../etc/passwd", "time zone"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_reason(text, zone, why):
    with pytest.raises(ExpiryInvalid, match=why):
        find_expiry(text, zone=zone, now=NOW)


@given(st.timedeltas(timedelta(0), timedelta(days=4000)), st.sampled_from(ShareState))
def test_a_share_is_closed_from_its_expiry_on(age, state):
    share = Share(state=state, expires_at=NOW)

    assert not share.is_open(NOW + age)


@given(st.timedeltas(timedelta(milliseconds=1), timedelta(days=4000)))
def test_an_open_share_is_open_until_then(before):
    share = Share(state=ShareState.OPEN, expires_at=NOW)

    assert share.is_open(NOW - before)
