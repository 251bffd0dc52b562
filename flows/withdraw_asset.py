"""Withdraw an asset: from this moment no byte of it leaves, and the rest of the share stays."""

from prefect import flow

from tasks import changes


@flow(name="withdraw-asset", persist_result=False)
async def withdraw_asset(share: str, asset: str) -> bool:
    """Take one asset out of a share.

    Args:
        share: The share's id, or the request key that made it.
        asset: The asset's id in the DAM.
    """
    return await changes.withdraw_asset(share, asset)
