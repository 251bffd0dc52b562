"""Make formats that wait: the safety net behind the standby, which makes them at once."""

from prefect import flow

from tasks.formats import make_waiting_formats


@flow(name="make-formats", persist_result=False)
async def make_formats() -> int:
    """Carry out every wish for a format that waits, and return how many were."""
    return await make_waiting_formats()
