"""`vitrine brand …`: the look of pages to come, with a logo from a file."""

import sys
from pathlib import Path
from typing import Literal, cast

import typer
from pydantic import ValidationError

from services.brands import SettingsChange, change_settings, find_brand
from services.errors import VitrineError
from services.installation import Installation, get_installation
from services.logos import keep_logo

app = typer.Typer(no_args_is_help=True)
_NONE = "none"


@app.callback()
def brand() -> None:
    """Logo, colour, privacy policy and contact of pages to come."""


@app.command("set")
def set_brand(
    logo: str = typer.Option("", help="A picture or SVG on this machine; none removes it."),
    dark_logo: str = typer.Option("", help="The same for dark screens."),
    company: str = typer.Option("", help="The company's name."),
    accent: str = typer.Option("", help="The colour of the main button: #8a3b1e"),
    privacy_url: str = typer.Option("", help="The privacy policy: https://…"),
    contact: str = typer.Option("", help="Whom a closed link names: an e-mail address."),
    show_logo: str = typer.Option("as it is", help="on, off, or as it is"),
) -> None:
    """Set what is given; what is not stays as it is, and none removes a value."""
    installation = get_installation()
    try:
        change = SettingsChange(
            show_company_logo=cast("Literal['as it is', 'on', 'off']", show_logo),
            logo=_keep(installation, logo),
            dark_logo=_keep(installation, dark_logo),
            company=company,
            accent=accent,
            privacy_url=privacy_url,
        )
        changed, notes = change_settings(installation, change, contact=contact, asked_by="terminal")
    except ValidationError as error:
        for one in error.errors(include_url=False):
            print(f"vitrine: {one['loc'][0]}: {one['msg']}", file=sys.stderr)
        raise typer.Exit(2) from error
    except (VitrineError, OSError) as error:
        print(f"vitrine: {error}", file=sys.stderr)
        raise typer.Exit(1) from error
    print(f"changed: {', '.join(changed) or 'nothing'}")
    for note in notes:
        print(note)


@app.command()
def show() -> None:
    """Print what pages to come will look like."""
    with get_installation().transaction() as session:
        found = find_brand(session)
        if found is None:
            print("no brand is set")
            return
        for name in (
            "company",
            "logo",
            "dark_logo",
            "shows_logo",
            "accent",
            "privacy_url",
            "contact",
        ):
            print(f"{name:12} {getattr(found, name) or '-'}")


def _keep(installation: Installation, path: str) -> str:
    if path in {"", _NONE}:
        return path
    return keep_logo(installation, Path(path).read_bytes())
