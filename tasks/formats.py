"""Formats to order: write a wish down, and carry it out."""

import asyncio
from uuid import UUID

from prefect.runtime import flow_run

from services import format_making, format_requests, format_status
from services.format_wishes import FormatWish
from services.installation import get_installation
from services.runs import note_change
from tasks.policy import unit_of_retry
from tasks.progress import show_progress


@unit_of_retry()
async def accept_wish(wish: FormatWish) -> UUID:
    """Write a wish down, or find the one that a door wrote down, and return its id."""
    if wish.share:
        note_change(get_installation(), wish.share, str(flow_run.get_id()))
    return await asyncio.to_thread(format_requests.accept_wish, get_installation(), wish)


@unit_of_retry()
async def make_format(request: UUID) -> str:
    """Make what the wish is for; its progress stands in Prefect while it is made."""
    return await show_progress(
        lambda: format_making.make_format(get_installation(), request),
        lambda: format_status.find_progress(get_installation(), request),
        f"Format request {request}",
    )


@unit_of_retry()
async def make_waiting_formats() -> int:
    """Carry out every wish that nobody works on, and return how many were."""
    return await asyncio.to_thread(format_making.make_waiting, get_installation())
