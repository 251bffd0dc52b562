"""Report what happened to one share: its history as a table in Prefect."""

from typing import Annotated

from prefect import flow
from pydantic import Field

from tasks.reports import show_history


@flow(name="report-history", persist_result=False)
def report_history(
    share: str,
    after: Annotated[int, Field(ge=0)] = 0,
    limit: Annotated[int, Field(ge=1, le=1000)] = 200,
) -> int:
    """Show the history of a share as a table, the newest first, and return how many events.

    Whom it tells of is not in it: `vitrine share history` shows that.

    Args:
        share: The share's id, or the request key that made it.
        after: The number of the last event of the page before; 0: from the newest on.
        limit: How many events at most.
    """
    return show_history(share, after, limit)
