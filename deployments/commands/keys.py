"""`vitrine keys …`: another link key without losing a link, another key that signs."""

import sys

import typer

from deployments.stack.home import Home
from services.errors import VitrineError
from services.installation import get_installation
from services.resealing import count_old_passwords, reseal
from services.settings import get_settings
from services.signing import rotate_signing_key

app = typer.Typer(no_args_is_help=True)


@app.callback()
def keys() -> None:
    """The keys: the one that seals links and letters, and the one that signs manifests and seals."""


@app.command()
def rotate() -> None:
    """Make a new link key for the local stack; the one of before still opens what it sealed."""
    home = Home(get_settings().home.resolve())
    if not (home.path / "keys.env").exists():
        print(f"vitrine: there is no stack in {home.path}", file=sys.stderr)
        raise typer.Exit(1)
    home.rotate_link_key()
    print("A new link key is made. Start the stack again, then: vitrine keys reseal")


@app.command("rotate-signing")
def rotate_signing() -> None:
    """Sign manifests and seals with a new key from now on; what the old one signed stays checkable."""
    try:
        name = rotate_signing_key(get_installation())
    except VitrineError as error:
        print(f"vitrine: {error}", file=sys.stderr)
        raise typer.Exit(1) from error
    print(f"Signing with the key {name} from now on. All public keys stand at /keys.json.")


@app.command("reseal")
def reseal_all(
    forget: bool = typer.Option(False, help="Then remove the former keys of the local stack."),
) -> None:
    """Seal everything with the key of today; then the former ones can be removed."""
    try:
        installation = get_installation()
        print(f"{reseal(installation):,} values were sealed anew")
        waiting = count_old_passwords(installation)
    except VitrineError as error:
        print(f"vitrine: {error}", file=sys.stderr)
        raise typer.Exit(1) from error
    if waiting:
        print(
            f"{waiting:,} passwords still need a former key: each is hashed anew when somebody"
            " enters it. Without the key they open nothing."
        )
    if forget:
        Home(get_settings().home.resolve()).forget_former_keys()
        print("The former keys are removed. Start the stack again.")
