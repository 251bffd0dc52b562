"""`vitrine share list|show|history|kpis`: what became of shares, with titles, for people here."""

from collections.abc import Sequence

import typer

from deployments.commands.asking import (
    AS_JSON,
    KEY,
    OWNER,
    ask,
    print_json,
    print_table,
    read_options,
)
from deployments.commands.kpis import print_figures
from services.overview import OverviewQuery, read_overview, read_share
from services.report_tables import say_end, say_payload, say_time
from services.share_history import read_share_history

_LONGEST_TITLE = 40


def list_shares(
    owner: str = typer.Option("", help="Those of one owner."),
    state: str = typer.Option("any", help="publishing, open, expired, revoked, purging or purged."),
    context: str = typer.Option("", help="Those for one context."),
    everything: bool = typer.Option(False, "--all", help="Not only recent and live ones."),
    after: str = typer.Option("", help="The id of the last share of the page before."),
    limit: int = typer.Option(50, help="How many at most, up to 500."),
    as_json: bool = AS_JSON,
) -> None:
    """List shares, the newest first: those of the last 30 days and every live one, or all."""
    values = {"owner": owner, "state": state, "context": context, "after": after, "limit": limit}
    wanted = "all" if everything else "recent and live"
    query = read_options(OverviewQuery, {**values, "shares": wanted})
    found = ask(lambda place: read_overview(place, query))
    if as_json:
        print_json({"shares": found.rows, "after": found.after})
        return
    head = (
        "id",
        "state",
        "owner",
        "context",
        "title",
        "created",
        "expires",
        "assets",
        "recipients",
    )
    rows = [
        (
            str(one.share_id),
            one.state,
            one.owner,
            one.context,
            _shorten(one.title),
            say_time(one.created_at),
            say_end(one.expires_at),
            f"{one.assets - one.withdrawn:,}",
            f"{one.recipients:,}",
        )
        for one in found.rows
    ]
    _print_page(head, rows, found.after)


def show(key: str = KEY, owner: str = OWNER, as_json: bool = AS_JSON) -> None:
    """Show one share: what was asked for, where it stands, who looked. Its link: `share link`."""
    found = ask(lambda place: read_share(place, key, owner=owner))
    if as_json:
        print_json(found)
        return
    one = found.summary
    lines = {
        "share": str(one.share_id),
        "request key": one.request_key,
        "title": one.title,
        "owner": one.owner,
        "context": one.context or "none",
        "state": one.state,
        "created": say_time(one.created_at),
        "opened": say_time(one.opened_at) if one.opened_at else "not yet",
        "expires": f"{say_end(one.expires_at)} ({found.expires_text}, {found.zone})",
        "assets": f"{one.assets:,}, {one.withdrawn:,} of them withdrawn",
        "folder": found.folder or "picked assets",
        "recipients": f"{one.recipients:,}",
        "formats": ", ".join(found.formats),
        "downloads": "on" if one.is_downloadable else "off",
        "visibility": found.visibility,
        "password": "yes" if one.has_password else "no",
        "terms": "yes" if one.has_terms else "no",
        "seen": ", ".join(f"{count:,} by {who}" for who, count in found.views.items()),
        "taken": f"{found.downloads:,}",
    }
    print_table("", list(lines.items()))


def history(
    key: str = KEY,
    owner: str = OWNER,
    after: int = typer.Option(0, help="The number of the last event of the page before."),
    limit: int = typer.Option(100, min=1, max=1000, help="How many at most."),
    as_json: bool = AS_JSON,
) -> None:
    """Show what happened to a share, the newest first, with the people it tells of."""
    found = ask(lambda place: read_share_history(place, key, owner=owner, after=after, limit=limit))
    if as_json:
        print_json({"share": found.share_id, "events": found.rows, "after": found.after})
        return
    rows = [
        (
            str(one.id),
            say_time(one.at),
            one.kind,
            one.actor,
            one.asset_id,
            say_payload(one.payload),
            say_payload(one.person),
        )
        for one in found.rows
    ]
    head = ("event", "at", "what", "by", "asset", "details", "beside it")
    _print_page(head, rows, str(found.after or ""))


def kpis(
    key: str = KEY,
    owner: str = OWNER,
    as_json: bool = AS_JSON,
) -> None:
    """Show what one share achieved, and by which assets and formats."""
    share = ask(lambda place: read_share(place, key, owner=owner)).summary
    print_figures(share.share_id, as_json=as_json)


def _print_page(head: tuple[str, ...], rows: Sequence[tuple[str, ...]], after: str) -> None:
    if not rows:
        print("none")
        return
    print_table("", [head, *rows])
    if after:
        print(f"\nThere are more: --after {after}")


def _shorten(title: str) -> str:
    return title if len(title) <= _LONGEST_TITLE else f"{title[: _LONGEST_TITLE - 1]}…"
