"""The life of shares after they were opened; what was done stands in a table for the operator."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from prefect.artifacts import acreate_table_artifact
from prefect.runtime import flow_run

from services import closing, finishing, leftovers, purging
from services.finishing import Finding
from services.installation import get_installation
from services.purging import PurgeResult
from tasks.policy import unit_of_retry

#: Of more the numbers are told and not the ids.
_MOST_TOLD = 200


@unit_of_retry()
async def expire_shares() -> list[UUID]:
    """Mark shares whose time is over, and return which."""
    return await asyncio.to_thread(closing.expire_shares, get_installation())


@unit_of_retry()
async def report_expired(shares: Sequence[UUID]) -> int:
    """Show which shares were marked, and return how many."""
    await tell("expired-shares", _list_ids(shares, "expired"), f"{len(shares)} shares expired")
    return len(shares)


@unit_of_retry()
async def begin_purges() -> int:
    """Write down what there is of each share that is due, and return how many are."""
    return await asyncio.to_thread(purging.begin_purges, get_installation())


@unit_of_retry()
async def carry_out_purges() -> PurgeResult:
    """Remove it, look whether it is gone, and write the receipts."""
    return await asyncio.to_thread(purging.carry_out_purges, get_installation())


@unit_of_retry()
async def forget_leftovers() -> dict[str, int]:
    """Forget what no share needs any more, and return how much of what."""
    return await asyncio.to_thread(leftovers.forget_leftovers, get_installation())


@unit_of_retry()
async def report_purged(result: PurgeResult, forgotten: dict[str, int]) -> int:
    """Show what was purged and what is not yet, and return how many shares are gone."""
    rows = [*_list_ids(result.purged, "purged"), *_list_ids(result.left, "not yet")]
    rows += [{"what": name, "state": f"{count} forgotten"} for name, count in forgotten.items()]
    words = f"{len(result.purged)} shares purged, {len(result.left)} not yet"
    await tell("purged-shares", rows if result.purged or result.left else [], words)
    return len(result.purged)


@unit_of_retry()
async def finish_publications() -> list[Finding]:
    """Finish publications whose runs died."""
    work, run = finishing.finish_publications, str(flow_run.get_id())
    return await asyncio.to_thread(work, get_installation(), run=run)


@unit_of_retry()
async def give_up_shares() -> list[Finding]:
    """Give up shares that nobody ever finished."""
    return await asyncio.to_thread(finishing.give_up_shares, get_installation())


@unit_of_retry()
async def replan_stale() -> list[Finding]:
    """Plan anew zips whose plan is no longer true, and that nobody planned anew."""
    return await asyncio.to_thread(finishing.replan_stale, get_installation())


@unit_of_retry()
async def report_reconciled(findings: Sequence[Finding]) -> int:
    """Show what became of each share that needed attention, and return how many did."""
    rows = [{"what": str(one.share_id), "state": one.outcome} for one in findings]
    await tell("reconciled-shares", rows[:_MOST_TOLD], f"{len(rows)} shares needed attention")
    return len(rows)


def _list_ids(shares: Sequence[UUID], state: str) -> list[dict[str, Any]]:
    return [{"what": str(one), "state": state} for one in shares[:_MOST_TOLD]]


async def tell(key: str, rows: list[dict[str, Any]], words: str) -> None:
    """Show a table, unless there is nothing to show."""
    if rows:
        await acreate_table_artifact(rows, key=key, description=words)
