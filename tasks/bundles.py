"""Bundles: the plans of the zips that a share offers."""

import asyncio
from uuid import UUID

from prefect import task
from prefect.cache_policies import NO_CACHE

from services import bundling
from services.installation import get_installation
from services.leases import Claim


@task(cache_policy=NO_CACHE, persist_result=False, retries=2, retry_delay_seconds=[2, 10])
def plan_bundles(claim: Claim) -> int:
    """Write a plan for each zip on offer, and return how many there are."""
    return bundling.plan_bundles(get_installation(), claim)


@task(cache_policy=NO_CACHE, persist_result=False, retries=2, retry_delay_seconds=[2, 10])
async def replan_stale_bundles(share: str) -> int:
    """Plan anew what is stale in one share, or in all, and return how many plans that were."""
    installation = get_installation()
    shares = [UUID(share)] if share else await asyncio.to_thread(bundling.list_stale, installation)
    planned = [await asyncio.to_thread(bundling.replan, installation, one) for one in shares]
    return sum(planned)
