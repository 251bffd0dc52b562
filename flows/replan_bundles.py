"""Replan bundles: a file of a zip has changed, so that its plan is no longer true."""

from prefect import flow

from tasks.bundles import replan_stale_bundles


@flow(name="replan-bundles", persist_result=False)
async def replan_bundles(share: str = "") -> int:
    """Plan anew each zip that is no longer what was planned, and return how many were.

    What has changed is left out, and the zip's manifest says so.

    Args:
        share: The id of the share; empty: of all.
    """
    return await replan_stale_bundles(share)
