"""The store: what should be there and is not, and what is there that should not be."""

import asyncio

from services import mending, store_check
from services.installation import get_installation
from services.store_check import StoreReport
from tasks.life import tell
from tasks.policy import unit_of_retry


@unit_of_retry()
async def look(read_digests: bool) -> StoreReport:
    """Look through rows and store."""
    work = store_check.look
    return await asyncio.to_thread(work, get_installation(), reads_digests=read_digests)


@unit_of_retry()
async def mend(report: StoreReport) -> StoreReport:
    """Make again what is missing or wrong, and look once more."""
    return await asyncio.to_thread(mending.mend, get_installation(), report)


@unit_of_retry()
async def report_check(found: StoreReport, left: StoreReport) -> int:
    """Show what was found and what is left, and return how much that is."""
    after = left.count()
    rows = [{"what": name, "found": n, "left": after[name]} for name, n in found.count().items()]
    amiss = sum(after[name] for name in ("missing", "wrong", "pages", "plans"))
    await tell("checked-store", rows, f"{amiss} things are amiss in the store")
    return amiss
