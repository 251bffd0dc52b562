"""Publish a share: freeze its assets, render them, plan its bundles, build its page, open it.

The share opens only when everything it promises is in place, and its recipients hear of it only
once it is open. Every step finds what an earlier run already made, so a run that was killed is put
right by sending the same request again.
"""

from prefect import flow
from prefect.task_runners import ThreadPoolTaskRunner

from services.requests import ShareRequest
from tasks.bundles import plan_bundles
from tasks.failures import note_failed_run
from tasks.pages import build_page, open_share
from tasks.passwords import take_password
from tasks.renditions import embed_metadata, finish_rendering, plan_chunks, render_chunk
from tasks.reports import report_share
from tasks.selection import freeze_selection


@flow(
    name="publish-share",
    # Two chunks are under way, so that the end of one does not leave the renderers idle.
    task_runner=ThreadPoolTaskRunner(max_workers=2),  # type: ignore[arg-type]
    on_failure=[note_failed_run],
    on_crashed=[note_failed_run],
    on_cancellation=[note_failed_run],
    persist_result=False,
    validate_parameters=True,
)
def publish_share(request: ShareRequest) -> str:
    """Publish a share, and return its id.

    Args:
        request: What is shared, how, with whom and until when.
    """
    claim = freeze_selection(take_password(request))
    render_chunk.map(plan_chunks(claim)).result()
    finish_rendering(claim)
    embed_metadata(claim)
    plan_bundles(claim)
    build = build_page(claim)
    open_share(claim, build)
    return report_share(claim)
