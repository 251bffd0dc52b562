"""`vitrine library list`: users, folders and assets of the library, with the ids that requests take."""

import json
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import typer

from deployments.commands.asking import print_table
from services.dam.library import Library
from services.errors import VitrineError
from services.settings import get_settings

app = typer.Typer(no_args_is_help=True)


@app.callback()
def libraries() -> None:
    """Look into the library."""


@app.command("list")
def list_library(
    *,
    library: str = typer.Option("", help="A folder to look into instead of the one that is set."),
    as_json: bool = typer.Option(False, "--json", help="For programs."),
) -> None:
    """List users, contact lists, contexts, folders, assets and bad files."""
    try:
        found = Library(Path(library) if library else get_settings().library)
        _print_json(found) if as_json else _print_tables(found)
    except VitrineError as error:
        print(f"vitrine: {error}", file=sys.stderr)
        raise typer.Exit(1) from error


def _print_json(library: Library) -> None:
    content = {
        "users": [asdict(user) for user in library.users()],
        "contact_lists": {n: len(people) for n, people in library.description.contacts.items()},
        "contexts": library.description.contexts,
        "folders": sorted(library.folders),
        "assets": [asdict(asset) for asset in library.all_assets],
        "bad_files": [asdict(one) for one in library.bad_files.values()],
    }
    print(json.dumps(content, ensure_ascii=False, indent=1))


def _print_tables(library: Library) -> None:
    print_table(
        "Users",
        [
            (user.id, user.name, ", ".join(f"/{folder}" for folder in user.may_share) or "nothing")
            for user in library.users()
        ],
    )
    lists = library.description.contacts
    print_table(
        "Contact lists", [(name, f"{len(people)} people") for name, people in lists.items()]
    )
    print_table("Contexts", [(one.name, one.title) for one in library.contexts()])
    counts = Counter(asset.folder for asset in library.all_assets)
    folders = sorted({*library.folders, *counts})
    print_table("Folders", [(f"/{one}", f"{counts[one]} assets") for one in folders])
    print_table(
        "Assets",
        [(a.id, a.kind_hint, a.title, f"/{a.folder}") for a in library.all_assets],
    )
    bad = [(one.source_key, one.reason) for one in library.bad_files.values()]
    print_table("Cannot be shared", bad)
