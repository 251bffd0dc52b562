"""Report what shares achieved: figures as a table in Prefect."""

from prefect import flow

from services.achievements import AchievementQuery
from tasks.reports import show_achievements


@flow(name="report-kpis", persist_result=False)
def report_kpis(query: AchievementQuery) -> int:
    """Show what shares achieved as a table, and return how many rows.

    Nobody is named: links and visitors are counted.

    Args:
        query: What a row stands for, and of which time.
    """
    return show_achievements(query)
