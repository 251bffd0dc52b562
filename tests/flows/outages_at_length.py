"""Every flow outlives what goes away in its middle, under Prefect; run by `make prove NAME=outages`."""

import asyncio
import tempfile
import time

import httpx
import pytest
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_CLIENT_MAX_RETRIES,
    PREFECT_CLIENT_RETRY_EXTRA_CODES,
    PREFECT_LOGGING_TO_API_ENABLED,
    temporary_settings,
)

from flows.add_format import add_format
from flows.change_share import change_share
from flows.make_formats import make_formats
from flows.publish_share import publish_share
from flows.replan_bundles import replan_bundles
from flows.revoke_share import revoke_share
from flows.send_letters import send_letters
from flows.withdraw_asset import withdraw_asset
from services.changes import ShareChange
from tests.enduring import BUSY, RENDERING, SECONDS, STORING, WISH, WITHDRAWN, endure, fill_library
from tests.outages import (
    DatabaseAway,
    DiskFull,
    ServerAway,
    StoreGone,
    mount_small_disk,
    unmount,
)
from tests.prefect_server import PrefectServer

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def prefect_server(tmp_path_factory):
    """A server that can be stopped and started; its clients are as patient as those of a stack."""
    server = PrefectServer(tmp_path_factory.mktemp("prefect"))
    server.start()
    settings = {
        PREFECT_API_URL: server.api_url,
        # As in `deployments/stack/environment.py`.
        PREFECT_CLIENT_MAX_RETRIES: 6,
        PREFECT_CLIENT_RETRY_EXTRA_CODES: "500",
        PREFECT_LOGGING_TO_API_ENABLED: False,
    }
    try:
        with temporary_settings(settings):
            yield server
    finally:
        server.stop()


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
def small_disk(tmp, flow_installation):
    """The home on a small disk of its own."""
    if not mount_small_disk(tmp.parent):
        pytest.skip("only root may mount a small disk")
    tmp.mkdir()
    flow_installation.store.found()
    yield tmp.parent
    unmount(tmp.parent)


def send_as_the_standby_does():
    """Begin again while Prefect's server does not answer: a run cannot begin without it."""
    while True:
        try:
            return asyncio.run(send_letters())
        except httpx.HTTPError:
            time.sleep(1)


def make_flows(request):
    """All flows."""
    off = ShareChange(downloads="off")
    return {
        "publish": lambda: publish_share(request),
        "change": lambda: asyncio.run(change_share("changed", off)),
        "withdraw": lambda: asyncio.run(withdraw_asset("withdrawn", WITHDRAWN)),
        "revoke": lambda: asyncio.run(revoke_share("revoked")),
        "add": lambda: asyncio.run(add_format(WISH)),
        "make": lambda: asyncio.run(make_formats()),
        "letters": send_as_the_standby_does,
        "replan": lambda: asyncio.run(replan_bundles()),
    }


def test_every_flow_outlives_a_database_that_is_stopped_and_started(flow_installation, cluster):
    answers = endure(flow_installation, make_flows, BUSY, DatabaseAway(cluster))

    assert ("d/1/web", 503, True) in answers


def test_every_flow_outlives_a_store_that_is_away_and_back(flow_installation):
    folder = flow_installation.store.folder

    answers = endure(flow_installation, make_flows, STORING, StoreGone(folder))

    assert ("d/1/web", 503, True) in answers


def test_every_flow_outlives_a_disk_that_is_full(flow_installation, small_disk, monkeypatch):
    settings = flow_installation.settings.model_copy(update={"store_reserve_mb": 0})
    monkeypatch.setattr(flow_installation, "settings", settings)

    endure(flow_installation, make_flows, RENDERING, DiskFull(small_disk))


def test_every_flow_outlives_prefects_server(flow_installation, prefect_server):
    away = ServerAway(prefect_server)

    answers = endure(flow_installation, make_flows, BUSY, away, 2 * SECONDS)

    assert {status for _, status, _ in answers} == {200}
