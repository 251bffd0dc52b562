"""Bundles: the plans of the zips that a share offers, and making them and its pages true again."""

import asyncio
from uuid import UUID

from services import bundling, rebuilding
from services.installation import get_installation
from services.leases import Claim
from tasks.policy import unit_of_retry


@unit_of_retry()
def plan_bundles(claim: Claim) -> int:
    """Write a plan for each zip on offer, and return how many there are."""
    return bundling.plan_bundles(get_installation(), claim)


@unit_of_retry()
async def refresh_shares(share: str) -> int:
    """Make anew what is stale in one share, or in all, and return how many plans and pages."""
    installation = get_installation()
    if share:
        shares = [UUID(share)]
    else:
        shares = await asyncio.to_thread(rebuilding.list_outdated, installation)
    made = [await asyncio.to_thread(rebuilding.refresh, installation, one) for one in shares]
    return sum(made)
