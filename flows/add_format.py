"""Add a format to a share that is out: one rendition per distinct recipe, whoever asks for it."""

from prefect import flow

from services.format_wishes import FormatWish
from tasks.formats import accept_wish, make_format


@flow(name="add-format", persist_result=False)
async def add_format(wish: FormatWish) -> str:
    """Make a format of one asset or of all, offer it, and return its name.

    Args:
        wish: For what, and which format: one of the catalogue or a custom one.
    """
    return await make_format(await accept_wish(wish))
