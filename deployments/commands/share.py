"""`vitrine share …`: shares, their links and changes at a terminal, where no log sees a secret."""

import sys

import typer

from deployments.commands import share_reading
from deployments.commands.asking import DOOR, KEY, OWNER, ask, read_options
from services import changes
from services.changes import ShareChange
from services.passwords import keep_password
from services.shares import find_status

app = typer.Typer(no_args_is_help=True)


@app.callback()
def shares() -> None:
    """Show what became of a share, and change it."""


app.command("list")(share_reading.list_shares)
app.command()(share_reading.show)
app.command()(share_reading.history)
app.command()(share_reading.kpis)


@app.command()
def link(key: str = KEY, owner: str = OWNER) -> None:
    """Print the link of an open share."""
    status = ask(lambda place: find_status(place, key, owner=owner, asked_by=DOOR))
    if not status.link:
        print(f"vitrine: the share is {status.state}, it has no open link", file=sys.stderr)
        raise typer.Exit(1)
    print(status.link)


@app.command()
def protect(key: str = KEY, owner: str = OWNER) -> None:
    """Set a password, asked for here; whoever knew the old one is asked for the new one."""
    text = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    password_id, weaknesses = ask(lambda place: keep_password(place, text))
    for one in weaknesses:
        print(f"vitrine: careful, the password {one}", file=sys.stderr)
    _change(key, owner, ShareChange(password=str(password_id)))


@app.command()
def unprotect(key: str = KEY, owner: str = OWNER) -> None:
    """Remove the password."""
    _change(key, owner, ShareChange(password="none"))  # noqa: S106 - the word that removes it


@app.command()
def change(
    key: str = KEY,
    owner: str = OWNER,
    until: str = typer.Option(
        "", help="A day, a time (2026-12-31T18:00), a period (14 days), never, or now."
    ),
    zone: str = typer.Option("", help="The zone of that day or time."),
    downloads: str = typer.Option("as they are", help="on or off."),
    terms: str = typer.Option("", help="The id of terms, or none."),
) -> None:
    """Change the deadline, switch downloads on or off, ask for terms."""
    wanted = {"expires_on": until, "zone": zone, "downloads": downloads, "terms": terms}
    _change(key, owner, read_options(ShareChange, wanted))


@app.command()
def revoke(key: str = KEY, owner: str = OWNER) -> None:
    """Close a share for good, at once."""
    was_open = ask(lambda place: changes.revoke_share(place, key, owner=owner, asked_by=DOOR))
    print("revoked" if was_open else "it was closed already")


@app.command()
def revoke_link(
    key: str = KEY,
    recipient: str = typer.Option("", help="The recipient's address; empty: everybody's link."),
    owner: str = OWNER,
) -> None:
    """Close one link for good; the others stay as they are."""
    was_open = ask(
        lambda place: changes.revoke_link(
            place, key, recipient=recipient, owner=owner, asked_by=DOOR
        )
    )
    print("revoked" if was_open else "it was closed already")


@app.command()
def add(
    key: str = KEY,
    asset: str = typer.Argument(help="The asset's id in the DAM."),  # noqa: ARG001
    owner: str = OWNER,
) -> None:
    """Nothing can be added to a share: says what to do instead."""
    ask(lambda place: changes.refuse_addition(place, key, owner=owner))


@app.command()
def withdraw(
    key: str = KEY,
    asset: str = typer.Argument(help="The asset's id in the DAM."),
    owner: str = OWNER,
) -> None:
    """Take one asset out of a share, at once."""
    was_in = ask(
        lambda place: changes.withdraw_asset(place, key, asset, owner=owner, asked_by=DOOR)
    )
    print("withdrawn" if was_in else "it was out already")


def _change(key: str, owner: str, request: ShareChange) -> None:
    changed = ask(
        lambda place: changes.change_share(place, key, request, owner=owner, asked_by=DOOR)
    )
    print(f"changed: {', '.join(changed)}" if changed else "nothing to change")
