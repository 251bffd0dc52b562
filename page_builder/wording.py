"""Words and figures as a reader sees them, in one place, so that other languages can come."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

_UNITS = ("kB", "MB", "GB", "TB")
_THOUSAND = 1000
_TEN = 10
_DAY = "%-d %B %Y"


def say_size(size_bytes: int) -> str:
    """Say a size in decimal units: `4.8 MB`, `412 MB`, `37 bytes`."""
    if size_bytes < _THOUSAND:
        return say_count(size_bytes, "byte")
    # 999,600 bytes are 1.0 MB, because 1000 kB would be shown otherwise.
    power = next(
        (n for n in range(1, len(_UNITS)) if round(size_bytes / _THOUSAND**n) < _THOUSAND),
        len(_UNITS),
    )
    size = size_bytes / _THOUSAND**power
    return f"{size:.{1 if round(size, 1) < _TEN else 0}f} {_UNITS[power - 1]}"


def say_count(count: int, noun: str) -> str:
    """Say a number of things: `1 file`, `10,000 files`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def say_pixels(width: int, height: int) -> str:
    """Say the size of a picture: `6000 × 4000`."""
    return f"{width} × {height}"


def say_until(expires_at: datetime | None, zone: str, *, is_whole_day: bool) -> str:
    """Say until when a share is available, in the owner's words: a day, or a time with its zone."""
    if expires_at is None:
        return "Available without end"
    local = expires_at.astimezone(ZoneInfo(zone))
    if is_whole_day:
        # The moment of closing is the next midnight; the day named is the last open one.
        last = datetime.fromtimestamp(expires_at.timestamp() - 1, ZoneInfo(zone))
        return f"Available until {last.strftime(_DAY)}"
    return f"Available until {local.strftime(_DAY)}, {local.strftime('%H:%M')} ({zone})"


def say_date(moment: datetime, zone: str) -> str:
    """Say a day: `12 December 2026`."""
    return moment.astimezone(ZoneInfo(zone)).strftime(_DAY)


def say_moment(moment: datetime) -> str:
    """Say an exact time for the record: `2026-12-12 18:00:00.123 UTC` (RFC 3339, with a space)."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%d %H:%M:%S}.{utc.microsecond // 1000:03} UTC"
