"""Garbage: what no share needs any more, in the database and in the store."""

import asyncio

from services import garbage, orphans
from services.garbage import Collected
from services.installation import get_installation
from tasks.life import tell
from tasks.policy import unit_of_retry


@unit_of_retry()
async def collect_renditions() -> Collected:
    """Remove renditions that nobody needs, and say how many rows and files."""
    return await asyncio.to_thread(garbage.collect_renditions, get_installation())


@unit_of_retry()
async def collect_orphans() -> dict[str, int]:
    """Remove what lies in the store and no row names, and say how much of what."""
    return await asyncio.to_thread(orphans.collect_orphans, get_installation())


@unit_of_retry()
async def report_collected(collected: Collected, orphaned: dict[str, int]) -> int:
    """Put on record and show what was removed, and return how many things."""
    counts = {"renditions": collected.rows, "files": collected.files, **orphaned}
    await asyncio.to_thread(garbage.note_collected, get_installation(), counts)
    rows = [{"what": name, "removed": count} for name, count in counts.items()]
    total = sum(counts.values())
    await tell("collected-garbage", rows if total else [], f"{total} things removed")
    return total
