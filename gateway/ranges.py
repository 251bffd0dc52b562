"""Which part of a thing a request asks for (RFC 9110, sections 13 and 14)."""

import re
from dataclasses import dataclass

from starlette.datastructures import Headers

_ONE_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_MOST_DIGITS = 18


@dataclass(frozen=True)
class Part:
    """The bytes from `start` up to but not including `end`."""

    start: int
    end: int


class RangeNotSatisfiable(Exception):
    """The range lies behind the end."""


def is_unchanged(headers: Headers, etag: str) -> bool:
    """Whether the client has this version already (If-None-Match, compared weakly)."""
    given = headers.get("if-none-match", "")
    known = {one.strip().removeprefix("W/") for one in given.split(",")}
    return "*" in known or f'"{etag}"' in known


def find_part(headers: Headers, *, size_bytes: int, etag: str) -> Part | None:
    """Find the range asked for; none means the whole.

    Several ranges, malformed ones, and those of another version (If-Range, compared strongly) are
    answered with the whole, which the standard allows.

    Raises:
        RangeNotSatisfiable: it starts behind the end.
    """
    wanted = headers.get("range")
    if wanted is None or headers.get("if-range", f'"{etag}"') != f'"{etag}"':
        return None
    match = _ONE_RANGE.fullmatch(wanted.replace(" ", ""))
    if match is None or match.group(0) == "bytes=-" or max(map(len, match.groups())) > _MOST_DIGITS:
        return None
    first, last = match.groups()
    if not first:
        return _find_suffix(int(last), size_bytes)
    start, end = int(first), min(int(last) + 1 if last else size_bytes, size_bytes)
    if last and int(last) < start:
        return None
    if start >= size_bytes:
        raise RangeNotSatisfiable
    return Part(start, end)


def _find_suffix(length: int, size_bytes: int) -> Part:
    if length == 0 or size_bytes == 0:
        raise RangeNotSatisfiable
    return Part(max(0, size_bytes - length), size_bytes)
