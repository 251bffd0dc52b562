"""Readings as tables for Prefect, where everybody reads them and a purge does not reach.

They hold ids, states, dates, counts and contexts. Titles, names, addresses and what an event tells
of people are shown at a terminal and by the desk, which read them when they are asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from services.achievements import Achievement, AchievementQuery
from services.boards import Board
from services.overview import Overview
from services.share_history import ShareHistory


@dataclass(frozen=True)
class Table:
    """A sentence, and rows that all have the same columns."""

    summary: str
    rows: Sequence[Mapping[str, str]]


def tabulate_overview(overview: Overview) -> Table:
    """Tabulate a page of the overview, without titles."""
    rows = [
        {
            "share": str(one.share_id),
            "owner": one.owner,
            "state": one.state,
            "context": one.context,
            "created": say_time(one.created_at),
            "expires": say_end(one.expires_at),
            "assets": str(one.assets),
            "withdrawn": str(one.withdrawn),
            "recipients": str(one.recipients),
        }
        for one in overview.rows
    ]
    return Table(_say(len(rows), "share", overview.after), rows)


def tabulate_history(history: ShareHistory) -> Table:
    """Tabulate a page of a share's history, without what lies beside its events.

    Assets are named by their position: the ids of some DAMs are names of files.
    """
    rows = [
        {
            "event": str(one.id),
            "at": say_time(one.at),
            "what": one.kind,
            "by": one.actor,
            "asset": str(one.position or ""),
            "details": say_payload(one.payload),
        }
        for one in history.rows
    ]
    after = str(history.after or "")
    return Table(f"Share {history.share_id}: {_say(len(rows), 'event', after)}", rows)


def tabulate_board(board: Board) -> Table:
    """Tabulate a page of an asset's share board, with what takes the asset out of each share."""
    rows = [
        {
            "share": str(one.share_id),
            "owner": one.owner,
            "state": one.state,
            "context": one.context,
            "created": say_time(one.created_at),
            "expires": say_end(one.expires_at),
            "in a playlist": "yes" if one.within else "",
            "withdrawn": say_time(one.withdrawn_at) if one.withdrawn_at else "",
            "take it out": "" if one.is_out() else "withdraw-asset",
        }
        for one in board.rows
    ]
    summary = (
        f"{_say(len(rows), 'share', board.after)} The deployment withdraw-asset takes the asset out"
        " of one of them, `vitrine asset withdraw` out of all."
    )
    return Table(summary, rows)


def tabulate_achievements(figures: Sequence[Achievement], query: AchievementQuery) -> Table:
    """Tabulate figures."""
    rows = [
        {query.by if name == "key" else name: _say_value(v) for name, v in asdict(one).items()}
        for one in figures
    ]
    return Table(f"{_say(len(rows), 'row', '')} What people did, by {query.by}.", rows)


def say_time(moment: datetime) -> str:
    """Say a moment in UTC, to the second."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def say_end(moment: datetime | None) -> str:
    """Say when something ends."""
    return say_time(moment) if moment else "never"


def say_payload(payload: Mapping[str, Any]) -> str:
    """Say what an event holds in one line: `door=desk, changed=expiry`."""
    return ", ".join(f"{name}={_say_value(value)}" for name, value in payload.items())


def _say_value(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value))
    return "" if value is None else str(value)


def _say(count: int, noun: str, after: str) -> str:
    more = f"There are more: ask again with after {after}." if after else "These are all."
    return f"{count:,} {noun}{'' if count == 1 else 's'}. {more}"
