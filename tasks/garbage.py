"""Garbage: what no share needs any more, in the database and in the store."""

import asyncio

from prefect import task
from prefect.cache_policies import NO_CACHE

from services import garbage, orphans
from services.garbage import Collected
from services.installation import get_installation
from tasks.life import tell


@task(cache_policy=NO_CACHE, persist_result=False, retries=2, retry_delay_seconds=[2, 10])
async def collect_renditions() -> Collected:
    """Remove renditions that nobody needs, and say how many rows and files."""
    return await asyncio.to_thread(garbage.collect_renditions, get_installation())


@task(cache_policy=NO_CACHE, persist_result=False, retries=2, retry_delay_seconds=[2, 10])
async def collect_orphans() -> dict[str, int]:
    """Remove what lies in the store and no row names, and say how much of what."""
    return await asyncio.to_thread(orphans.collect_orphans, get_installation())


@task(cache_policy=NO_CACHE, persist_result=False)
async def report_collected(collected: Collected, orphaned: dict[str, int]) -> int:
    """Put on record and show what was removed, and return how many things."""
    counts = {"renditions": collected.rows, "files": collected.files, **orphaned}
    await asyncio.to_thread(garbage.note_collected, get_installation(), counts)
    rows = [{"what": name, "removed": count} for name, count in counts.items()]
    total = sum(counts.values())
    await tell("collected-garbage", rows if total else [], f"{total} things removed")
    return total
