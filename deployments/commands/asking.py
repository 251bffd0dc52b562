"""How commands ask the services: a refusal is a sentence on the error output, and exit code 1."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import typer
from pydantic import BaseModel, ValidationError
from pydantic_core import to_jsonable_python

from services.errors import VitrineError
from services.installation import Installation, get_installation

#: What the history says of who asked.
DOOR = "terminal"
KEY = typer.Argument(help="The share's id, or the request key that made it.")
OWNER = typer.Option("", help="The owner, where several used the same request key.")
AS_JSON = typer.Option(False, "--json", help="For programs.")

_T = TypeVar("_T")
_Model = TypeVar("_Model", bound=BaseModel)


def ask(do: Callable[[Installation], _T]) -> _T:
    """Do something with the installation that the settings describe; 1 if it is refused."""
    try:
        return do(get_installation())
    except VitrineError as error:
        print(f"vitrine: {error}", file=sys.stderr)
        raise typer.Exit(1) from error


def read_options(model: type[_Model], values: Mapping[str, Any]) -> _Model:
    """Read what was written on the command line; 2 if it cannot be meant, naming what and why."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        for one in error.errors(include_url=False, include_input=False):
            place = ".".join(map(str, one["loc"]))
            print(
                f"vitrine: {place}: {one['msg']}" if place else f"vitrine: {one['msg']}",
                file=sys.stderr,
            )
        raise typer.Exit(2) from error


def print_json(content: Any) -> None:
    """Print something for a program: ids as text, moments in ISO 8601."""
    print(json.dumps(to_jsonable_python(content), ensure_ascii=False, indent=1))


def print_table(heading: str, rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns under a heading, nothing where there are none."""
    if not rows:
        return
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    print(f"\n{heading}" if heading else "")
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print(f"  {'  '.join(cells).rstrip()}")
