"""A password out of a Prefect Secret block: hashed, kept under an id, and the block deleted."""

from typing import cast

from prefect.blocks.system import Secret
from prefect.runtime import flow_run

from services.installation import get_installation
from services.passwords import find_block_password, keep_block_password
from services.requests import ShareRequest
from tasks.policy import unit_of_retry


@unit_of_retry()
def take_password(request: ShareRequest) -> ShareRequest:
    """Give the request with the id of the password that its block held.

    The hash is durable before the block is deleted: a run that is killed between finds the hash
    again, and one that finds neither refuses to go on.
    """
    if not request.password_block:
        return request
    installation, run = get_installation(), str(flow_run.get_id())
    try:
        block = cast("Secret[str]", Secret.load(request.password_block))
    except ValueError:
        return find_block_password(installation, request, run=run)
    kept = keep_block_password(installation, request, str(block.get()), run=run)
    Secret.delete(request.password_block)
    return kept
