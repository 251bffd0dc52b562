"""Report in which shares an asset stands: its share board as a table in Prefect."""

from typing import Annotated

from prefect import flow
from pydantic import Field

from services.requests import UUID_PATTERN
from tasks.reports import show_board


@flow(name="report-share-board", persist_result=False)
def report_share_board(
    asset: str,
    after: Annotated[str, Field(pattern=rf"^({UUID_PATTERN})?$")] = "",
    limit: Annotated[int, Field(ge=1, le=1000)] = 200,
) -> int:
    """Show every share that contains an asset, by whomever, the newest first; return how many.

    Args:
        asset: The asset's id in the DAM.
        after: The id of the last share of the page before; empty: from the newest on.
        limit: How many shares at most.
    """
    return show_board(asset, after, limit)
