"""Seal the history: what was committed is bound to all before it and signed."""

from prefect import flow

from tasks.chain import seal_waiting


@flow(name="seal-history", persist_result=False)
async def seal_history() -> int:
    """Seal every event that waits, and return how many."""
    return await seal_waiting()
