"""From the owner's words for the end of a share to a moment.

The words are `never`, a day, a time of day, a period from now on (`14 days`), and, for a share that
is out, `now`.

A day ends when the next one begins in the owner's zone. Clocks that are put forward skip times and
clocks that are put back show them twice: a skipped time is refused, of a doubled one the later
counts, so that no share closes before its owner expects it. A period of days, weeks, months or
years ends at the same time of day; one of hours is so many hours, whatever clocks do meanwhile.
"""

import calendar
import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.errors import ExpiryInvalid

NEVER, NOW = "never", "now"
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_PERIOD = r"[1-9][0-9]{0,3} (?:hour|day|week|month|year)s?"
#: What may stand in a form, without the beginning and the end of the text.
EXPIRY_PATTERN = rf"never|{_DAY}(?:T[0-9]{{2}}:[0-9]{{2}})?|{_PERIOD}"
#: Further away nobody means a date, and `never` says what is meant.
_MOST_YEARS = 100
_MONTHS_IN_YEAR, _DAYS_IN_WEEK = 12, 7
_SHORTEST = timedelta.resolution


def find_expiry(text: str, *, zone: str, now: datetime) -> datetime | None:
    """Turn `text` (`never`, `2026-12-31`, `2026-12-31T18:00`, `14 days`) into a moment in UTC.

    None stands for never.

    Raises:
        ExpiryInvalid: the words, the zone or the moment cannot be used; the message says why.
    """
    if text == NEVER:
        return None
    local_zone = find_zone(zone)
    try:
        moment = _find_moment(text, local_zone, now)
        is_too_far = moment >= now.replace(month=1, day=1, year=now.year + _MOST_YEARS)
    except OverflowError:
        # Beyond one of the two ends of the calendar.
        is_too_far, moment = not text.startswith("000"), now
    if is_too_far:
        raise ExpiryInvalid(
            f"expires_on is {text}, more than {_MOST_YEARS - 1} years away: say never instead"
        )
    if moment <= now:
        shown = now.astimezone(local_zone).isoformat(timespec="minutes")
        raise ExpiryInvalid(
            f"expires_on is {text} in {zone}, which has passed (it is {shown}): choose a later one, or never"
        )
    return moment


def find_change(text: str, *, zone: str, now: datetime) -> datetime | None:
    """Turn the words for another end of a share that is out into a moment: `now` ends it.

    Raises:
        ExpiryInvalid: the words, the zone or the moment cannot be used; the message says why.
    """
    if text == NOW:
        find_zone(zone)
        return now
    return find_expiry(text, zone=zone, now=now)


def compare_ends(before: datetime | None, after: datetime | None, *, now: datetime) -> str:
    """Say in one word what another end is: `postponed`, `reduced` or `ended`."""
    if after is not None and after <= now:
        return "ended"
    is_later = before is not None and (after is None or after > before)
    return "postponed" if is_later else "reduced"


def is_day(text: str) -> bool:
    """Whether the words name a whole day."""
    return re.fullmatch(_DAY, text) is not None


def find_zone(zone: str) -> ZoneInfo:
    """Find a time zone by its IANA name, such as Europe/Rome."""
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ExpiryInvalid(
            f"{zone!r} is no known time zone: give an IANA name such as Europe/Rome or UTC"
        ) from error


def _find_moment(text: str, zone: ZoneInfo, now: datetime) -> datetime:
    if re.fullmatch(_PERIOD, text):
        return _end_of_period(text, zone, now)
    return _end_of_day(text, zone) if len(text) == len("2026-12-31") else _time_of_day(text, zone)


def _end_of_period(text: str, zone: ZoneInfo, now: datetime) -> datetime:
    number, unit = text.split(" ")
    count = int(number)
    if unit.startswith("hour"):
        return now + timedelta(hours=count)
    wall = now.astimezone(zone).replace(tzinfo=None, fold=0)
    if unit.startswith(("day", "week")):
        wall += timedelta(days=count * (_DAYS_IN_WEEK if unit.startswith("week") else 1))
    else:
        wall = _add_months(wall, count * (_MONTHS_IN_YEAR if unit.startswith("year") else 1))
    return _latest(wall, zone)


def _add_months(wall: datetime, count: int) -> datetime:
    """Go on by months; where a month has no such day (31 April), its last one counts."""
    years, month = divmod(wall.month - 1 + count, _MONTHS_IN_YEAR)
    year, month = wall.year + years, month + 1
    if year > date.max.year:
        raise OverflowError
    last = calendar.monthrange(year, month)[1]
    return wall.replace(year=year, month=month, day=min(wall.day, last))


def _latest(wall: datetime, zone: ZoneInfo) -> datetime:
    """Find the last moment that a clock can mean: a skipped time is as far after the gap."""
    return max(wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))


def _end_of_day(text: str, zone: ZoneInfo) -> datetime:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise ExpiryInvalid(f"expires_on is {text!r}, which is no day of the calendar") from error
    # Some zones put the clock forward at midnight: the new day then begins at the first time shown.
    # Where it is put back over midnight, the old day comes again and ends a second time.
    midnight = datetime.combine(day + timedelta(days=1), time.min)
    moments = [midnight.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    ends = [one for one in moments if (one - _SHORTEST).astimezone(zone).date() == day]
    if not ends:
        raise ExpiryInvalid(
            f"expires_on is {text}, a day that the calendar of {zone.key} skips: choose another"
        )
    return max(ends)


def _time_of_day(text: str, zone: ZoneInfo) -> datetime:
    try:
        wall = datetime.fromisoformat(text)
    except ValueError as error:
        raise ExpiryInvalid(
            f"expires_on is {text!r}: write a day (2026-12-31), a time (2026-12-31T18:00),"
            " a period (14 days) or never"
        ) from error
    if wall.tzinfo is not None:
        raise ExpiryInvalid(f"expires_on is {text!r}: give the time zone in the field zone instead")
    later = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if later.astimezone(zone).replace(tzinfo=None) != wall:
        raise ExpiryInvalid(
            f"expires_on is {text}, a time that clocks in {zone.key} skip: choose one before or after"
        )
    return later
