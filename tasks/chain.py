"""The chain of the history: seals, and files that prove what happened."""

import asyncio

from prefect.artifacts import acreate_table_artifact

from services import exporting
from services.chain import sealing
from services.exporting import HistoryExport
from services.installation import get_installation
from tasks.policy import unit_of_retry


@unit_of_retry()
async def seal_waiting() -> int:
    """Seal every event that waits, and return how many."""
    return await asyncio.to_thread(sealing.seal_waiting, get_installation())


@unit_of_retry()
async def export_history(wanted: HistoryExport) -> str:
    """Write the file, name it in an artifact, and return its name."""
    made = await asyncio.to_thread(
        exporting.export_history, get_installation(), wanted, asked_by="prefect"
    )
    row = {"file": str(made.path), "events": made.events, "bytes": made.size_bytes}
    await acreate_table_artifact([row], key="history-export", description="Exported history")
    return made.path.name
