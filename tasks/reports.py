"""Reports: what an operator sees in Prefect; no link, token, title or address."""

from prefect.artifacts import create_table_artifact

from services import (
    achievements,
    boards,
    overview,
    report_tables,
    reports,
    share_history,
)
from services.achievements import AchievementQuery
from services.installation import get_installation
from services.leases import Claim
from services.overview import OverviewQuery
from services.report_tables import Table
from tasks.policy import unit_of_retry


@unit_of_retry()
def report_share(claim: Claim) -> str:
    """Show the result of a publication as a table, and return the share's id."""
    report = reports.describe_share(get_installation(), claim.share_id)
    create_table_artifact(report.rows, key=f"share-{claim.share_id}", description=report.summary)
    return str(claim.share_id)


@unit_of_retry()
def show_overview(query: OverviewQuery) -> int:
    """Show a page of the overview as a table, and return how many shares that were."""
    found = overview.read_overview(get_installation(), query)
    return _show("overview", report_tables.tabulate_overview(found))


@unit_of_retry()
def show_history(share: str, after: int, limit: int) -> int:
    """Show a page of a share's history as a table, and return how many events that were."""
    found = share_history.read_share_history(get_installation(), share, after=after, limit=limit)
    return _show(f"history-{found.share_id}", report_tables.tabulate_history(found))


@unit_of_retry()
def show_board(asset: str, after: str, limit: int) -> int:
    """Show a page of an asset's share board as a table, and return how many shares that were."""
    found = boards.read_board(get_installation(), asset, after=after, limit=limit)
    return _show("share-board", report_tables.tabulate_board(found))


@unit_of_retry()
def show_achievements(query: AchievementQuery) -> int:
    """Show what shares achieved as a table, and return how many rows that were."""
    found = achievements.read_achievements(get_installation(), query)
    return _show("kpis", report_tables.tabulate_achievements(found, query))


def _show(key: str, table: Table) -> int:
    rows = [dict(one) for one in table.rows]
    create_table_artifact(rows, key=key, description=table.summary)
    return len(rows)
