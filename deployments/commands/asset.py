"""`vitrine asset board|withdraw`: in which shares an asset stands, and out of them with it."""

import sys

import typer

from deployments.commands.asking import AS_JSON, DOOR, OWNER, ask, print_json, print_table
from services import changes
from services.boards import read_board, withdraw_everywhere
from services.report_tables import say_end, say_time

app = typer.Typer(no_args_is_help=True)
_ASSET = typer.Argument(help="The asset's id in the DAM.")


@app.callback()
def assets() -> None:
    """Where an asset is shared."""


@app.command()
def board(
    asset: str = _ASSET,
    owner: str = typer.Option("", help="Shares of one owner."),
    after: str = typer.Option("", help="The id of the last share of the page before."),
    limit: int = typer.Option(100, min=1, max=1000, help="How many at most."),
    as_json: bool = AS_JSON,
) -> None:
    """Show every share that contains an asset, by whomever, the newest first."""
    found = ask(lambda place: read_board(place, asset, owner=owner, after=after, limit=limit))
    if as_json:
        print_json(found)
        return
    head = ("share", "owner", "state", "title", "created", "expires", "within", "withdrawn")
    rows = [
        (
            str(one.share_id),
            one.owner,
            one.state,
            one.title,
            say_time(one.created_at),
            say_end(one.expires_at),
            one.within,
            say_time(one.withdrawn_at) if one.withdrawn_at else "",
        )
        for one in found.rows
    ]
    if not rows:
        print("none")
        return
    print_table("", [head, *rows])
    if found.after:
        print(f"\nThere are more: --after {found.after}")
    print(f"\nTake it out of one: vitrine asset withdraw '{asset}' --share ID; of all: --all")
    if any(one.within for one in found.rows):
        print("A playlist that has it is withdrawn as a whole, by its own id.")


@app.command()
def withdraw(
    asset: str = _ASSET,
    share: str = typer.Option("", help="One share, by its id or the request key that made it."),
    everywhere: bool = typer.Option(False, "--all", help="Every share that has it."),
    owner: str = OWNER,
) -> None:
    """Take an asset out of one share, or of every share that has it, at once."""
    if bool(share) == everywhere:
        print("vitrine: give either --share or --all", file=sys.stderr)
        raise typer.Exit(2)
    if share:
        was_in = ask(
            lambda place: changes.withdraw_asset(place, share, asset, owner=owner, asked_by=DOOR)
        )
        print("withdrawn" if was_in else "it was out already")
        return
    out = ask(lambda place: withdraw_everywhere(place, asset, owner=owner, asked_by=DOOR))
    for one in out:
        print(one)
    print(f"withdrawn from {len(out):,} shares")
