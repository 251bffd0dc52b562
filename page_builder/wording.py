"""Words and figures as a reader sees them, in one place, so that other languages can come."""

from datetime import UTC, datetime
from pathlib import PurePosixPath
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError

_UNITS = ("kB", "MB", "GB", "TB")
_THOUSAND = 1000
_TEN = 10
_MINUTE, _HOUR = 60, 3600
_LONGEST_PLATE = 5
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


def say_duration(milliseconds: int) -> str:
    """Say a length of time: `0:17`, `1:02:05`."""
    seconds = round(milliseconds / _THOUSAND)
    hours, rest = divmod(seconds, _HOUR)
    minutes, rest = divmod(rest, _MINUTE)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def say_language(tag: str) -> str:
    """Say the name of a language in that language, by its tag (BCP 47): `Deutsch`."""
    try:
        name = Locale.parse(tag, sep="-").get_display_name() if tag else None
    except (ValueError, UnknownLocaleError):
        name = None
    return name[:1].upper() + name[1:] if name else tag or "Subtitles"


def say_plate(file_name: str) -> str:
    """Say the few letters that stand for a file without a picture: `PDF`, `DWG`, `File`."""
    ending = PurePosixPath(file_name).suffix[1:].upper()
    return ending[:_LONGEST_PLATE] or "File"


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
