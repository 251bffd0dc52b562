"""Change a share that is out: postpone or reduce its deadline, switch downloads, set a password."""

from prefect import flow

from services.changes import ShareChange
from tasks import changes


@flow(name="change-share", persist_result=False)
async def change_share(share: str, change: ShareChange) -> list[str]:
    """Change a share, and return what is different now.

    Args:
        share: The share's id, or the request key that made it.
        change: What is to be different; what is left empty stays as it is.
    """
    return await changes.change_share(share, change)
