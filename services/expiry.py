"""From the owner's words for the end of a share to a moment: `never`, a day, or a time of day.

A day ends when the next one begins in the owner's zone. Clocks that are put forward skip times and
clocks that are put back show them twice: a skipped time is refused, of a doubled one the later
counts, so that no share closes before its owner expects it.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.errors import ExpiryInvalid

NEVER = "never"


def find_expiry(text: str, *, zone: str, now: datetime) -> datetime | None:
    """Turn `text` (`never`, `2026-12-31` or `2026-12-31T18:00`) into a moment in UTC, or none.

    Raises:
        ExpiryInvalid: the words, the zone or the moment cannot be used; the message says why.
    """
    if text == NEVER:
        return None
    local_zone = find_zone(zone)
    moment = _end_of_day(text, local_zone) if len(text) == len("2026-12-31") else None
    moment = moment or _time_of_day(text, local_zone)
    if moment <= now:
        shown = now.astimezone(local_zone).isoformat(timespec="minutes")
        raise ExpiryInvalid(
            f"expires_on is {text} in {zone}, which has passed (it is {shown}): choose a later one, or never"
        )
    return moment


def find_zone(zone: str) -> ZoneInfo:
    """Find a time zone by its IANA name, such as Europe/Rome."""
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ExpiryInvalid(
            f"{zone!r} is no known time zone: give an IANA name such as Europe/Rome or UTC"
        ) from error


def _end_of_day(text: str, zone: ZoneInfo) -> datetime:
    try:
        next_day = date.fromisoformat(text) + timedelta(days=1)
    except (ValueError, OverflowError) as error:
        raise ExpiryInvalid(f"expires_on is {text!r}, which is no day of the calendar") from error
    # Some zones put the clock forward at midnight: the new day then begins at the first time shown.
    return datetime.combine(next_day, time.min, zone).astimezone(UTC)


def _time_of_day(text: str, zone: ZoneInfo) -> datetime:
    try:
        wall = datetime.fromisoformat(text)
    except ValueError as error:
        raise ExpiryInvalid(
            f"expires_on is {text!r}: write a day (2026-12-31), a time (2026-12-31T18:00) or never"
        ) from error
    if wall.tzinfo is not None:
        raise ExpiryInvalid(f"expires_on is {text!r}: give the time zone in the field zone instead")
    later = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if later.astimezone(zone).replace(tzinfo=None) != wall:
        raise ExpiryInvalid(
            f"expires_on is {text}, a time that clocks in {zone.key} skip: choose one before or after"
        )
    return later
