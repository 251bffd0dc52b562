"""Expire shares: mark those whose time is over, which the gate has closed already."""

from prefect import flow

from tasks import life


@flow(name="expire-shares", persist_result=False)
async def expire_shares() -> int:
    """Mark every share whose time is over, and return how many were."""
    return await life.report_expired(await life.expire_shares())
