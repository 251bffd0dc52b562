"""`vitrine history …`: seal, check and export what happened, and erase what is known of a person."""

import sys
from collections.abc import Callable
from typing import Literal, TypeVar, cast

import httpx
import typer
from pydantic import ValidationError

from deployments.commands.verify import find_keys, tell_history
from services.bundles.signature import read_keys
from services.chain.checking import verify_history
from services.chain.links import read_anchor
from services.chain.sealing import find_anchor, seal_waiting
from services.erasure import erase_person
from services.errors import VitrineError
from services.exporting import HistoryExport
from services.exporting import export_history as write_file
from services.installation import Installation, get_installation

app = typer.Typer(no_args_is_help=True)
_DOOR = "terminal"
_T = TypeVar("_T")
_ANCHOR = typer.Option("", help="A seal that was noted elsewhere: what `history anchor` printed.")


@app.callback()
def history() -> None:
    """What happened: sealed, checked, exported."""


@app.command()
def seal() -> None:
    """Seal what waits; the standby does so every minute."""
    print(f"{_ask(seal_waiting):,} events were sealed")


@app.command()
def anchor() -> None:
    """Print the last seal, to be noted where nobody who can change the database can change it."""
    found = _ask(find_anchor)
    if found is None:
        print("vitrine: nothing is sealed yet: vitrine history seal", file=sys.stderr)
        raise typer.Exit(1)
    print(found)


@app.command()
def verify(anchor: str = _ANCHOR, keys: str = typer.Option("", help="As for `verify`.")) -> None:
    """Check the history in the database against its seals."""
    try:
        known, noted = read_keys(find_keys(keys)), read_anchor(anchor) if anchor else None
    except (OSError, ValueError, httpx.HTTPError) as error:
        print(f"vitrine: {error}", file=sys.stderr)
        raise typer.Exit(2) from error
    verdict = _ask(lambda place: verify_history(place, known, noted))
    print("\n".join(tell_history(verdict, is_file=False)))
    raise typer.Exit(0 if verdict.is_proven() else 1)


@app.command()
def export(
    *,
    share: str = typer.Option("", help="The share's id or request key; empty: the whole history."),
    form: str = typer.Option("verifiable", help="verifiable, json lines or csv."),
    personal: bool = typer.Option(False, help="With addresses, browsers, titles and file names."),
) -> None:
    """Write the history to a file below the home, and print its path."""
    try:
        kind = cast("Literal['verifiable', 'json lines', 'csv']", form)
        wanted = HistoryExport(share=share, form=kind, personal=personal)
    except ValidationError as error:
        print(f"vitrine: {error.errors()[0]['msg']}", file=sys.stderr)
        raise typer.Exit(2) from error
    made = _ask(lambda place: write_file(place, wanted, asked_by=_DOOR))
    print(made.path)
    print(f"{made.events:,} events, {made.size_bytes:,} bytes", file=sys.stderr)
    if made.unsealed:
        print(f"{made.unsealed:,} events wait for a seal and are not in it", file=sys.stderr)


@app.command()
def erase(address: str = typer.Argument(help="The recipient's e-mail address.")) -> None:
    """Erase a recipient: what is known of them goes, their links close, the events stay."""
    erased = _ask(lambda place: erase_person(place, address, asked_by=_DOOR))
    print(
        f"erased: what lay beside {erased.events:,} events, {erased.grants:,} links (closed now),"
        f" {erased.letters:,} letters, a place in {erased.invitations:,} invitations"
    )
    print(
        "Copies elsewhere are yours to find: exports, sent mail, contact lists of the DAM, backups."
    )


def _ask(do: Callable[[Installation], _T]) -> _T:
    try:
        return do(get_installation())
    except VitrineError as error:
        print(f"vitrine: {error}", file=sys.stderr)
        raise typer.Exit(1) from error
