"""`vitrine terms keep`: keep terms of use, and print the id by which a request names them."""

import sys
from pathlib import Path

import typer

from services.errors import VitrineError
from services.installation import get_installation
from services.terms import keep_terms

app = typer.Typer(no_args_is_help=True)


@app.callback()
def terms() -> None:
    """Terms of use."""


@app.command()
def keep(
    files: list[str] = typer.Argument(help="Markdown per language: en=rules.md it=regole.md"),
) -> None:
    """Keep a version of terms, for ever, and print its id."""
    try:
        texts = dict(_read(one) for one in files)
        print(keep_terms(get_installation(), texts))
    except (VitrineError, OSError, ValueError) as error:
        print(f"vitrine: {error}", file=sys.stderr)
        raise typer.Exit(1) from error


def _read(argument: str) -> tuple[str, str]:
    language, _, path = argument.partition("=")
    if not language or not path:
        raise ValueError(f"{argument!r} is not of the form en=rules.md")
    return language, Path(path).read_text(encoding="utf-8")
