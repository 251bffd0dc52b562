"""Freeze a selection: one task, because it is one transaction."""

from prefect.runtime import flow_run

from services.clock import check_clock
from services.freezing import claim_share
from services.installation import get_installation
from services.leases import Claim, LeaseKeeper
from services.requests import ShareRequest
from tasks.policy import unit_of_retry


@unit_of_retry()
def freeze_selection(request: ShareRequest) -> Claim:
    """Freeze what the request selects, and hold the share's lease while this process lives.

    Nothing begins on a machine whose clock is far off.
    """
    installation = get_installation()
    check_clock(installation)
    claim = claim_share(installation, request, run=str(flow_run.get_id()))
    LeaseKeeper(installation, claim).start()
    return claim
