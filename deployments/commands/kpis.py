"""`vitrine kpis`: what shares achieved, in figures that name nobody."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

import typer

from deployments.commands.asking import AS_JSON, ask, print_json, print_table, read_options
from services.achievements import Achievement, AchievementQuery, read_achievements

_EVER = {"since": "2000-01-01"}


def kpis(
    by: str = typer.Option("share", help="share, owner, context, month, asset or format."),
    owner: str = typer.Option("", help="Those of one owner."),
    context: str = typer.Option("", help="Those for one context."),
    since: str = typer.Option("", help="A day in UTC. Empty: a year before the end."),
    until: str = typer.Option("", help="A day in UTC, which counts to its end. Empty: now."),
    limit: int = typer.Option(50, help="How many rows at most, up to 1000."),
    as_json: bool = AS_JSON,
) -> None:
    """Show what shares achieved: who was invited, looked and took, what, and how soon."""
    values = {"by": by, "owner": owner, "context": context, "since": since, "until": until}
    query = read_options(AchievementQuery, {**values, "limit": limit})
    found = ask(lambda place: read_achievements(place, query))
    if as_json:
        print_json(found)
        return
    _print(by, found)


def print_figures(share_id: UUID, *, as_json: bool) -> None:
    """Print the figures of one share: as a whole, by asset and by format."""
    found = {by: _read(by, share_id) for by in ("share", "asset", "format")}
    if as_json:
        print_json(found)
        return
    for by, rows in found.items():
        _print(by, rows)


def _read(by: str, share_id: UUID) -> Sequence[Achievement]:
    query = read_options(AchievementQuery, {"by": by, "share": str(share_id), **_EVER})
    return ask(lambda place: read_achievements(place, query))


def _print(by: str, found: Any) -> None:
    if not found:
        print("nothing")
        return
    columns = [name for name in asdict(found[0]) if name != "key"]
    head = (by, *(name.replace("_", " ") for name in columns))
    print_table("", [head, *(_row(one, columns) for one in found)])


def _row(one: Achievement, columns: list[str]) -> tuple[str, ...]:
    values = (getattr(one, name) for name in columns)
    return (one.key, *("" if value is None else f"{value:,}" for value in values))
