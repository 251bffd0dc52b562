"""`vitrine share …`: a share's link and its changes at a terminal, where no log sees a secret."""

import sys
from collections.abc import Callable
from typing import TypeVar

import typer

from services import changes
from services.changes import ShareChange
from services.errors import VitrineError
from services.installation import Installation, get_installation
from services.passwords import keep_password
from services.shares import find_status

app = typer.Typer(no_args_is_help=True)
_DOOR = "terminal"
_T = TypeVar("_T")
_KEY = typer.Argument(help="The share's id, or the request key that made it.")
_OWNER = typer.Option("", help="The owner, where several used the same request key.")


@app.callback()
def shares() -> None:
    """Show what became of a share, and change it."""


@app.command()
def link(key: str = _KEY, owner: str = _OWNER) -> None:
    """Print the link of an open share."""
    status = _ask(lambda place: find_status(place, key, owner=owner, asked_by=_DOOR))
    if not status.link:
        print(f"vitrine: the share is {status.state}, it has no open link", file=sys.stderr)
        raise typer.Exit(1)
    print(status.link)


@app.command()
def protect(key: str = _KEY, owner: str = _OWNER) -> None:
    """Set a password, asked for here; whoever knew the old one is asked for the new one."""
    text = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    password_id, weaknesses = _ask(lambda place: keep_password(place, text))
    for one in weaknesses:
        print(f"vitrine: careful, the password {one}", file=sys.stderr)
    _change(key, owner, ShareChange(password=str(password_id)))


@app.command()
def unprotect(key: str = _KEY, owner: str = _OWNER) -> None:
    """Remove the password."""
    _change(key, owner, ShareChange(password="none"))  # noqa: S106 - the word that removes it


@app.command()
def change(
    key: str = _KEY,
    owner: str = _OWNER,
    until: str = typer.Option("", help="A day, a time (2026-12-31T18:00), or never."),
    zone: str = typer.Option("", help="The zone of that day or time."),
    downloads: str = typer.Option("as they are", help="on or off."),
    terms: str = typer.Option("", help="The id of terms, or none."),
) -> None:
    """Change the deadline, switch downloads on or off, ask for terms."""
    wanted = {"expires_on": until, "zone": zone, "downloads": downloads, "terms": terms}
    try:
        request = ShareChange.model_validate(wanted)
    except ValueError as error:
        print(f"vitrine: {error}", file=sys.stderr)
        raise typer.Exit(2) from error
    _change(key, owner, request)


@app.command()
def revoke(key: str = _KEY, owner: str = _OWNER) -> None:
    """Close a share for good, at once."""
    was_open = _ask(lambda place: changes.revoke_share(place, key, owner=owner, asked_by=_DOOR))
    print("revoked" if was_open else "it was closed already")


@app.command()
def revoke_link(
    key: str = _KEY,
    recipient: str = typer.Option("", help="The recipient's address; empty: everybody's link."),
    owner: str = _OWNER,
) -> None:
    """Close one link for good; the others stay as they are."""
    was_open = _ask(
        lambda place: changes.revoke_link(
            place, key, recipient=recipient, owner=owner, asked_by=_DOOR
        )
    )
    print("revoked" if was_open else "it was closed already")


@app.command()
def withdraw(
    key: str = _KEY,
    asset: str = typer.Argument(help="The asset's id in the DAM."),
    owner: str = _OWNER,
) -> None:
    """Take one asset out of a share, at once."""
    was_in = _ask(
        lambda place: changes.withdraw_asset(place, key, asset, owner=owner, asked_by=_DOOR)
    )
    print("withdrawn" if was_in else "it was out already")


def _change(key: str, owner: str, request: ShareChange) -> None:
    changed = _ask(
        lambda place: changes.change_share(place, key, request, owner=owner, asked_by=_DOOR)
    )
    print(f"changed: {', '.join(changed)}" if changed else "nothing to change")


def _ask(do: Callable[[Installation], _T]) -> _T:
    try:
        return do(get_installation())
    except VitrineError as error:
        print(f"vitrine: {error}", file=sys.stderr)
        raise typer.Exit(1) from error
