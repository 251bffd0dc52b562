"""Report which shares there are: an overview as a table in Prefect."""

from prefect import flow

from services.overview import OverviewQuery
from tasks.reports import show_overview


@flow(name="report-shares", persist_result=False)
def report_shares(query: OverviewQuery) -> int:
    """Show shares as a table, the newest first, and return how many.

    Titles are not in it: `vitrine share list` shows them.

    Args:
        query: Which shares; what is left empty does not narrow.
    """
    return show_overview(query)
