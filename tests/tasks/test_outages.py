"""Every task outlives what goes away in its middle, by the policy that Prefect carries out for it.

Without Prefect, which `make prove NAME=outages` adds, with its server among what goes away.
"""

import asyncio
import importlib
import inspect
import pkgutil
import tempfile
import time
from uuid import UUID, uuid4

import pytest
from prefect.client.schemas.objects import TaskRun
from prefect.settings import PREFECT_SERVER_EPHEMERAL_ENABLED, temporary_settings
from prefect.states import Failed

import tasks
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
from tests.enduring import (
    BUSY,
    RENDERING,
    STORING,
    TIDYING,
    WISH,
    WITHDRAWN,
    endure,
    fill_library,
)
from tests.outages import DatabaseAway, DiskFull, StoreGone, mount_small_disk, unmount


@pytest.fixture
def library(tmp_path):
    """Little to render."""
    return fill_library(tmp_path / "library")


@pytest.fixture(autouse=True)
def tmp(tmp_path, monkeypatch):
    """A folder for all that is there for a moment, in the home as in the stack."""
    folder = tmp_path / "home" / "tmp"
    folder.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def small_disk(tmp, installation):
    """The home on a small disk of its own."""
    if not mount_small_disk(tmp.parent):
        pytest.skip("only root may mount a small disk")
    tmp.mkdir()
    installation.store.found()
    yield tmp.parent
    unmount(tmp.parent)


@pytest.fixture(autouse=True)
def _tasks_find(installation, monkeypatch):
    """The installation that tasks find; progress is shown to nobody."""
    patient = {"publish_lease_seconds": 3600, "store_reserve_mb": 0}
    settings = installation.settings.model_copy(update=patient)
    monkeypatch.setattr(installation, "settings", settings)
    for one in pkgutil.iter_modules(tasks.__path__):
        module = importlib.import_module(f"tasks.{one.name}")
        if hasattr(module, "get_installation"):
            monkeypatch.setattr(module, "get_installation", lambda: installation)
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
