"""Renditions: a task per chunk of assets, so that orchestration costs a few percent."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from services import renditions
from services.installation import get_installation
from services.leases import Claim
from services.renditions import Chunk


@task(cache_policy=NO_CACHE, persist_result=False)
def plan_chunks(claim: Claim) -> list[Chunk]:
    """Find the renditions that are missing, and divide them into chunks."""
    return renditions.plan_chunks(get_installation(), claim)


@task(
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=2,
    retry_delay_seconds=[2, 10],
    tags=["renditions"],
)
def render_chunk(chunk: Chunk) -> int:
    """Make the renditions of one chunk; a bad original is a result and fails alone."""
    return renditions.render_chunk(get_installation(), chunk)


@task(cache_policy=NO_CACHE, persist_result=False)
def finish_rendering(claim: Claim) -> dict[str, int]:
    """Sum up what was made and what failed; a request may ask to stop here."""
    return renditions.finish_rendering(get_installation(), claim)
