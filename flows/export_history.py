"""Export the history: a file below the home, to be checked, read or opened as a table."""

from prefect import flow

from services.exporting import HistoryExport
from tasks.chain import export_history as write_file


@flow(name="export-history", persist_result=False)
async def export_history(wanted: HistoryExport) -> str:
    """Write a file that its owner alone can read, and return its name.

    Args:
        wanted: What of the history, and in which form.
    """
    return await write_file(wanted)
