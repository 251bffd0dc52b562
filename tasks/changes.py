"""Changes of a share that is out; each is one transaction, and true at the gate at once."""

from prefect.runtime import flow_run

from services import changes
from services.changes import ShareChange
from services.installation import get_installation
from services.runs import note_change
from tasks.policy import unit_of_retry

_DOOR = "prefect"


@unit_of_retry()
async def change_share(share: str, change: ShareChange) -> list[str]:
    """Change deadline, downloads or password, and return what is different now."""
    note_change(get_installation(), share, str(flow_run.get_id()))
    return changes.change_share(get_installation(), share, change, asked_by=_DOOR)


@unit_of_retry()
async def revoke_share(share: str) -> bool:
    """Close a share for good; False if it was closed."""
    note_change(get_installation(), share, str(flow_run.get_id()))
    return changes.revoke_share(get_installation(), share, asked_by=_DOOR)


@unit_of_retry()
async def withdraw_asset(share: str, asset: str) -> bool:
    """Take one asset out of a share; False if it was out."""
    note_change(get_installation(), share, str(flow_run.get_id()))
    return changes.withdraw_asset(get_installation(), share, asset, asked_by=_DOOR)
