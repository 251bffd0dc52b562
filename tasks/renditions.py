"""Renditions: a task per chunk of assets, so that orchestration costs a few percent."""

from services import rendered, renditions, wrapping
from services.installation import get_installation
from services.leases import Claim
from services.renditions import Chunk
from tasks.policy import unit_of_retry
from tasks.progress import start_progress, stop_progress


@unit_of_retry()
def plan_chunks(claim: Claim) -> list[Chunk]:
    """Find the renditions that are missing, and divide them into chunks."""
    installation = get_installation()
    chunks = renditions.plan_chunks(installation, claim)
    if chunks:
        share = claim.share_id
        start_progress(share, lambda: rendered.measure_progress(installation, share))
    return chunks


@unit_of_retry(tags=["renditions"])
def render_chunk(chunk: Chunk) -> int:
    """Make the renditions of one chunk; a bad original is a result and fails alone."""
    return renditions.render_chunk(get_installation(), chunk)


@unit_of_retry()
def finish_rendering(claim: Claim) -> dict[str, int]:
    """Sum up what was made and what failed; a request may ask to stop here."""
    stop_progress(claim.share_id)
    return rendered.finish_rendering(get_installation(), claim)


@unit_of_retry()
def embed_metadata(claim: Claim) -> int:
    """Wrap what will be taken with what may be told of it, and return how much is wrapped."""
    return wrapping.wrap_downloads(get_installation(), claim)
