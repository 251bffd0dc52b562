"""Make zips and pages true again, of which something was changed or withdrawn."""

from prefect import flow

from tasks.bundles import refresh_shares


@flow(name="replan-bundles", persist_result=False)
async def replan_bundles(share: str = "") -> int:
    """Plan each zip and build each page anew that is no longer true, and return how many were.

    What has changed or was withdrawn is left out, and the zip's manifest says so.

    Args:
        share: The id of the share; empty: of all.
    """
    return await refresh_shares(share)
