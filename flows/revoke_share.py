"""Revoke a share: from this moment its links lead nowhere."""

from prefect import flow

from tasks import changes


@flow(name="revoke-share", persist_result=False)
async def revoke_share(share: str) -> bool:
    """Close a share for good; running transfers end within a second.

    Args:
        share: The share's id, or the request key that made it.
    """
    return await changes.revoke_share(share)
