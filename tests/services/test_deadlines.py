"""Deadlines in the owner's words, held against the gate with the database's clock around them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.access import Action, admit
from services.changes import ShareChange, change_share
from services.errors import ExpiryInvalid, ShareClosed
from services.expiry import find_expiry
from tests.shares import keep_share, token_of

ROME, AUCKLAND, LORD_HOWE = "Europe/Rome", "Pacific/Auckland", "Australia/Lord_Howe"
SANTIAGO, APIA, PYONGYANG = "America/Santiago", "Pacific/Apia", "Asia/Pyongyang"
CAIRO, CASABLANCA = "Africa/Cairo", "Africa/Casablanca"
ST_JOHNS, HAVANA = "America/St_Johns", "America/Havana"

#: The owner's words, the zone, and the moment in UTC.
DEADLINES = [
    # Rome, an hour forward on 28 March and back on 31 October 2027, at 01:00 UTC.
    ("2027-03-27", ROME, "2027-03-27T23:00"),
    ("2027-03-28", ROME, "2027-03-28T22:00"),
    ("2027-03-28T01:59", ROME, "2027-03-28T00:59"),
    ("2027-03-28T03:00", ROME, "2027-03-28T01:00"),
    ("2027-10-30", ROME, "2027-10-30T22:00"),
    ("2027-10-31", ROME, "2027-10-31T23:00"),
    ("2027-10-31T01:59", ROME, "2027-10-30T23:59"),
    ("2027-10-31T02:30", ROME, "2027-10-31T01:30"),
    ("2027-10-31T03:00", ROME, "2027-10-31T02:00"),
    # Auckland, back on 4 April, forward on 26 September 2027.
    ("2027-04-03", AUCKLAND, "2027-04-03T11:00"),
    ("2027-04-04", AUCKLAND, "2027-04-04T12:00"),
    ("2027-04-04T02:30", AUCKLAND, "2027-04-03T14:30"),
    ("2027-09-25", AUCKLAND, "2027-09-25T12:00"),
    ("2027-09-26", AUCKLAND, "2027-09-26T11:00"),
    # Lord Howe shifts by half an hour.
    ("2027-04-04", LORD_HOWE, "2027-04-04T13:30"),
    ("2027-04-04T01:45", LORD_HOWE, "2027-04-03T15:15"),
    ("2027-04-04T01:15", LORD_HOWE, "2027-04-03T14:15"),
    ("2027-10-03", LORD_HOWE, "2027-10-03T13:00"),
    ("2027-10-03T02:30", LORD_HOWE, "2027-10-02T15:30"),
    # Santiago has no midnight on 5 September 2027, and 23:00 twice on 3 April.
    ("2027-09-04", SANTIAGO, "2027-09-05T04:00"),
    ("2027-09-05", SANTIAGO, "2027-09-06T03:00"),
    ("2027-04-03", SANTIAGO, "2027-04-04T04:00"),
    ("2027-04-03T23:30", SANTIAGO, "2027-04-04T03:30"),
    # Samoa had no 30 December 2011.
    ("2011-12-29", APIA, "2011-12-30T10:00"),
    ("2011-12-31", APIA, "2011-12-31T10:00"),
    # North Korea took its clocks back by half an hour in 2015, and forward again in 2018.
    ("2015-08-14", PYONGYANG, "2015-08-14T15:30"),
    ("2018-05-04", PYONGYANG, "2018-05-04T15:00"),
    # Egypt had no summer time for years, and has it again since 2023.
    ("2022-07-01", CAIRO, "2022-07-01T22:00"),
    ("2023-04-27", CAIRO, "2023-04-27T22:00"),
    ("2023-07-01", CAIRO, "2023-07-01T21:00"),
    ("2023-10-26", CAIRO, "2023-10-26T22:00"),
    # Morocco keeps summer time since 2018, but for the month of fasting.
    ("2018-10-28", CASABLANCA, "2018-10-28T23:00"),
    ("2025-03-01", CASABLANCA, "2025-03-02T00:00"),
    # St John's once took its clocks back at a minute past midnight: the day before came again.
    ("2006-10-28", ST_JOHNS, "2006-10-29T03:30"),
    # In Havana midnight comes twice, but the day before does not.
    ("2027-11-06", HAVANA, "2027-11-07T04:00"),
]
SKIPPED = [
    ("2027-03-28T02:30", ROME),
    ("2027-09-26T02:30", AUCKLAND),
    ("2027-10-03T02:15", LORD_HOWE),
    ("2027-09-05T00:30", SANTIAGO),
    ("2011-12-30", APIA),
    ("2011-12-30T12:00", APIA),
    ("2018-05-04T23:45", PYONGYANG),
    ("2023-04-28T00:30", CAIRO),
]
MILLISECOND = timedelta(milliseconds=1)


def moment_of(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def is_let_in(installation, token):
    try:
        with installation.transaction() as session:
            admit(session, installation.seals, token, action=Action.LOOK)
    except ShareClosed:
        return False
    return True


def test_a_share_closes_on_the_millisecond_that_its_owner_named_in_every_zone(
    installation, set_clock
):
    share = keep_share(installation)
    token = token_of(installation, share)
    for text, zone, expected in DEADLINES:
        ends_at = moment_of(expected)
        set_clock(ends_at - timedelta(days=2))
        wanted = ShareChange(expires_on=text, zone=zone)
        change_share(installation, str(share.id), wanted, asked_by="test")

        seen = []
        for moment in (ends_at - MILLISECOND, ends_at, ends_at + MILLISECOND):
            set_clock(moment)
            seen.append(is_let_in(installation, token))

        assert seen == [True, False, False], (text, zone)


@pytest.mark.parametrize(
    ("text", "day"), [("2027-03-28", "28 March 2027"), ("2027-03-28T00:00", "28 March 2027")]
)
def test_a_closed_share_names_the_day_that_its_page_named(installation, set_clock, text, day):
    share = keep_share(installation)
    set_clock(moment_of("2027-03-01"))
    wanted = ShareChange(expires_on=text, zone=ROME)
    change_share(installation, str(share.id), wanted, asked_by="test")
    set_clock(moment_of("2027-04-01"))

    with pytest.raises(ShareClosed) as refused, installation.transaction() as session:
        admit(session, installation.seals, token_of(installation, share), action=Action.LOOK)

    assert refused.value.closed_on == day


@pytest.mark.parametrize(("text", "zone"), SKIPPED)
def test_a_time_or_a_day_that_never_comes_is_refused(text, zone):
    before = datetime.fromisoformat(text).replace(tzinfo=UTC) - timedelta(days=30)

    with pytest.raises(ExpiryInvalid, match="skip"):
        find_expiry(text, zone=zone, now=before)


@pytest.mark.parametrize(
    ("text", "zone", "now", "expected"),
    [
        ("8 hours", ROME, "2027-03-27T20:00", "2027-03-28T04:00"),
        ("1 day", ROME, "2027-03-27T12:00", "2027-03-28T11:00"),
        ("14 days", ROME, "2027-10-20T12:00", "2027-11-03T13:00"),
        ("2 weeks", "UTC", "2027-02-20T12:00", "2027-03-06T12:00"),
        ("1 month", "UTC", "2027-01-31T12:00", "2027-02-28T12:00"),
        ("1 month", "UTC", "2028-01-31T12:00", "2028-02-29T12:00"),
        ("3 months", "UTC", "2027-11-30T12:00", "2028-02-29T12:00"),
        ("12 months", ROME, "2027-02-28T23:30", "2028-02-29T23:30"),
        ("1 year", "UTC", "2028-02-29T12:00", "2029-02-28T12:00"),
        # The time of day that is skipped on that day is as far after the gap.
        ("1 day", ROME, "2027-03-27T01:30", "2027-03-28T01:30"),
        # Of the one that comes twice the later counts.
        ("1 day", ROME, "2027-10-30T00:30", "2027-10-31T01:30"),
        ("1 day", APIA, "2011-12-29T22:00", "2011-12-30T22:00"),
    ],
)
def test_a_period_ends_at_the_same_time_of_day_and_hours_are_hours(text, zone, now, expected):
    assert find_expiry(text, zone=zone, now=moment_of(now)) == moment_of(expected)


@given(
    st.integers(0, 15 * 365 * 24 * 60),
    st.integers(1, 400),
    st.sampled_from(["hour", "day", "week", "month"]),
    st.sampled_from([ROME, AUCKLAND, LORD_HOWE, SANTIAGO, CASABLANCA]),
)
def test_a_longer_period_never_ends_earlier(minutes, count, unit, zone):
    start = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    ends = [find_expiry(f"{n} {unit}s", zone=zone, now=start) for n in (count, count + 1)]

    assert start < ends[0] < ends[1]


@pytest.mark.parametrize(
    "text", ["9999 years", "9999 months", "9999-12-31", "9999-12-31T23:59", "2199-01-01"]
)
def test_what_nobody_lives_to_see_is_refused_with_the_word_for_it(text):
    with pytest.raises(ExpiryInvalid, match="say never"):
        find_expiry(text, zone="America/New_York", now=moment_of("2027-01-01T00:00"))


def test_a_year_before_the_calendar_of_most_zones_has_passed():
    with pytest.raises(ExpiryInvalid, match="has passed"):
        find_expiry("0001-01-01", zone=AUCKLAND, now=moment_of("2027-01-01T00:00"))


@pytest.mark.parametrize(
    "text", ["0 days", "-1 days", "1.5 hours", "14days", "14  days", "many days", "1 fortnight"]
)
def test_a_period_that_cannot_be_one_is_refused_by_the_form(text):
    with pytest.raises(ValueError, match="expires_on"):
        ShareChange(expires_on=text)
