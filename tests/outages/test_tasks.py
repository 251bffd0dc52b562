"""Every task outlives what goes away in its middle, by the policy that Prefect carries out for it.

Without Prefect, which `make prove NAME=outages` adds, with its server among what goes away.
"""

import asyncio
import inspect
import time
from uuid import UUID, uuid4

import pytest
from prefect.client.schemas.objects import TaskRun
from prefect.settings import PREFECT_SERVER_EPHEMERAL_ENABLED, temporary_settings
from prefect.states import Failed

from services.changes import ShareChange
from services.purging import list_runs, note_forgotten
from tasks import (
    bundles,
    chain,
    changes,
    formats,
    garbage,
    letters,
    life,
    pages,
    renditions,
    selection,
    store,
)
from tests.outages.enduring import BUSY, RENDERING, STORING, TIDYING, WISH, WITHDRAWN, endure
from tests.outages.rehearsal import DatabaseAway, DiskFull, StoreGone


@pytest.fixture(autouse=True)
def _no_server():
    """Nobody starts one for the sake of a policy."""
    with temporary_settings({PREFECT_SERVER_EPHEMERAL_ENABLED: False}):
        yield


def perform(task, *words):
    """Do what a task does, and again where its own policy says so."""
    delays, count = iter(task.retry_delay_seconds), 0
    while True:
        count += 1
        try:
            done = task.fn(*words)
            return asyncio.run(done) if inspect.iscoroutine(done) else done
        except Exception as error:
            run = TaskRun(task_key="task", dynamic_key=str(uuid4()), run_count=count)
            delay = next(delays, None)
            if delay is None or not task.retry_condition_fn(task, run, Failed(data=error)):
                raise
            time.sleep(delay)


def publish(request):
    """Do what the flow does, step by step."""
    claim = perform(selection.freeze_selection, request)
    for chunk in perform(renditions.plan_chunks, claim):
        perform(renditions.render_chunk, chunk)
    perform(renditions.finish_rendering, claim)
    perform(renditions.embed_metadata, claim)
    perform(bundles.plan_bundles, claim)
    perform(pages.open_share, claim, perform(pages.build_page, claim))
    return claim.share_id


def purge():
    """Do what the flow does; Prefect never heard of the runs."""
    perform(life.begin_purges)
    installation = life.get_installation()
    note_forgotten(installation, list_runs(installation, 10))
    return perform(life.carry_out_purges)


def make_work(request):
    """All tasks in the order of their flows."""
    off = ShareChange(downloads="off")
    return {
        "publish": lambda: publish(request),
        "change": lambda: perform(changes.change_share, "changed", off),
        "withdraw": lambda: perform(changes.withdraw_asset, "withdrawn", WITHDRAWN),
        "revoke": lambda: perform(changes.revoke_share, "revoked"),
        "add": lambda: perform(formats.make_format, UUID(str(perform(formats.accept_wish, WISH)))),
        "make": lambda: perform(formats.make_waiting_formats),
        "letters": lambda: perform(letters.send_waiting_letters),
        "expire": lambda: perform(life.expire_shares),
        "purge": purge,
        "collect": lambda: (
            perform(garbage.collect_renditions),
            perform(garbage.collect_orphans),
        ),
        "seal": lambda: perform(chain.seal_waiting),
        "check": lambda: perform(store.look, True),
        "replan": lambda: perform(bundles.refresh_shares, ""),
    }


def test_all_work_outlives_a_database_that_is_stopped_and_started(installation, cluster):
    answers = endure(installation, make_work, BUSY | TIDYING, DatabaseAway(cluster))

    assert ("d/1/web", 503, True) in answers


def test_all_work_outlives_a_store_that_is_away_and_back(installation):
    folder = installation.store.folder

    answers = endure(installation, make_work, STORING | TIDYING, StoreGone(folder))

    assert ("d/1/web", 503, True) in answers


def test_all_work_outlives_a_disk_that_is_full(installation, small_disk):
    endure(installation, make_work, RENDERING | TIDYING, DiskFull(small_disk))
