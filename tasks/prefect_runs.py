"""What Prefect itself keeps of a share: parameters in clear, logs, artifacts. A purge removes them."""

import asyncio
import logging
from collections.abc import Sequence
from uuid import UUID

import httpx
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId
from prefect.exceptions import ObjectNotFound, PrefectException

from services import purging
from services.installation import get_installation
from tasks.policy import unit_of_retry

log = logging.getLogger(__name__)
_BATCH = 100


@unit_of_retry()
async def forget_runs() -> int:
    """Have Prefect forget the runs of shares that are being purged, and return how many it forgot.

    A Prefect that does not answer loses nothing: its runs stay on the list, and the shares wait.
    """
    installation = get_installation()
    count = 0
    try:
        async with get_client() as client:
            while runs := await asyncio.to_thread(purging.list_runs, installation, _BATCH):
                await _forget(client, [UUID(run) for run in runs if _is_id(run)])
                await asyncio.to_thread(purging.note_forgotten, installation, runs)
                count += len(runs)
    except (PrefectException, httpx.HTTPError) as error:
        log.warning(
            "Prefect does not forget runs now (%s): their shares wait", type(error).__name__
        )
    return count


async def _forget(client: PrefectClient, runs: Sequence[UUID]) -> None:
    of_runs = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=list(runs)))
    while artifacts := await client.read_artifacts(artifact_filter=of_runs):
        for artifact in artifacts:
            await client.delete_artifact(artifact.id)
    for run in runs:
        try:
            await client.delete_flow_run(run)
        except ObjectNotFound:
            continue


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
