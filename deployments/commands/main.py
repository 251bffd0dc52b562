"""`vitrine`: the commands of an operator."""

import typer

from deployments.commands import asset, brand, history, keys, library, share, stack, terms
from deployments.commands.demo import demo
from deployments.commands.kpis import kpis
from deployments.commands.verify import verify

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.command()(stack.up)
app.command()(stack.down)
app.command()(demo)
app.command()(verify)
app.command()(kpis)
app.add_typer(keys.app, name="keys", help="The key that seals links and letters.")
app.add_typer(library.app, name="library", help="What the library holds.")
app.add_typer(share.app, name="share", help="Shares: what became of them, links and changes.")
app.add_typer(asset.app, name="asset", help="Where an asset is shared.")
app.add_typer(history.app, name="history", help="What happened: sealed, checked, exported.")
app.add_typer(brand.app, name="brand", help="The look of pages to come.")
app.add_typer(terms.app, name="terms", help="Terms of use.")

if __name__ == "__main__":
    app()
