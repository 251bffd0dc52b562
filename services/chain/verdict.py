"""What checking a history found, and the first row that is not what it was."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.chain.links import Entry, LineUnreadable, read_line


class Harm(StrEnum):
    """What was done to a history."""

    ALTERED = "altered"
    DROPPED = "dropped"
    INSERTED = "inserted"
    REORDERED = "reordered"
    TRUNCATED = "truncated"
    REWRITTEN = "rewritten"
    UNSIGNED = "unsigned"
    UNREADABLE = "unreadable"


class HistoryBroken(Exception):
    """A history is not what it was; `event` is the id of the first row that shows it, if one does."""

    def __init__(self, harm: Harm, what: str, *, event: int | None = None) -> None:
        super().__init__(what)
        self.harm = harm
        self.event = event


@dataclass(frozen=True)
class HistoryVerdict:
    """What was found; `fault` is empty if nothing is wrong.

    `anchors` says whether the seal that was noted elsewhere was met. `unsealed` counts the events
    that waited for a seal when it was made; `line` is where in the file the fault was met.
    """

    share: str = ""
    events: int = 0
    seals: int = 0
    unsealed: int = 0
    head: str = ""
    sealed_at: str = ""
    keys: Sequence[str] = ()
    is_anchored: bool = False
    fault: str = ""
    harm: Harm | None = None
    event: int | None = None
    line: int = 0

    def is_proven(self) -> bool:
        """Whether every event is there, unaltered and in its place, up to the last seal."""
        return not self.fault


def name_harm(expected: Sequence[Entry], found: Sequence[bytes]) -> HistoryBroken:
    """Name the first row that differs, and what was done to it.

    Args:
        expected: what a seal remembers, from the first entry that does not fit.
        found: the lines that stand there instead, up to the next seal.
    """
    ids = [_read_id(line) for line in found]
    if not expected:
        return HistoryBroken(Harm.INSERTED, f"{_name(ids[0])} was inserted", event=ids[0])
    first = expected[0]
    if not found:
        return HistoryBroken(Harm.DROPPED, f"event {first.id} was dropped", event=first.id)
    known = {one.id for one in expected}
    if ids[0] == first.id or (
        first.id not in ids and ids[0] not in known and len(found) == len(expected)
    ):
        return HistoryBroken(Harm.ALTERED, f"event {first.id} was altered", event=first.id)
    if first.id not in ids:
        return HistoryBroken(Harm.DROPPED, f"event {first.id} was dropped", event=first.id)
    if ids[0] in known:
        what = f"event {first.id} was reordered: {_name(ids[0])} stands in its place"
        return HistoryBroken(Harm.REORDERED, what, event=first.id)
    return HistoryBroken(Harm.INSERTED, f"{_name(ids[0])} was inserted", event=ids[0])


def _name(event: int | None) -> str:
    return "a row" if event is None else f"event {event}"


def _read_id(line: bytes) -> int | None:
    try:
        found = read_line(line).get("id")
    except LineUnreadable:
        return None
    return found if type(found) is int else None
