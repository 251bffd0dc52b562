"""`vitrine share link`: show a share's link at a terminal, where no log and no parameter sees it."""

import sys

import typer

from services.errors import VitrineError
from services.installation import get_installation
from services.shares import find_status

app = typer.Typer(no_args_is_help=True)


@app.callback()
def shares() -> None:
    """Show what became of a share."""


@app.command()
def link(
    key: str = typer.Argument(help="The share's id, or the request key that made it."),
    owner: str = typer.Option("", help="The owner, where several used the same request key."),
) -> None:
    """Print the link of an open share."""
    try:
        status = find_status(get_installation(), key, owner=owner, asked_by="terminal")
    except VitrineError as error:
        print(f"vitrine: {error}", file=sys.stderr)
        raise typer.Exit(1) from error
    if not status.link:
        print(f"vitrine: the share is {status.state}, it has no open link", file=sys.stderr)
        raise typer.Exit(1)
    print(status.link)
