"""Every flow outlives what goes away in its middle, under Prefect; run by `make prove NAME=outages`."""

import asyncio
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
from flows.change_settings import change_settings
from flows.change_share import change_share
from flows.check_store import check_store
from flows.collect_garbage import collect_garbage
from flows.expire_shares import expire_shares
from flows.export_history import export_history
from flows.make_formats import make_formats
from flows.publish_share import publish_share
from flows.purge_shares import purge_shares
from flows.reconcile_shares import reconcile_shares
from flows.replan_bundles import replan_bundles
from flows.report_history import report_history
from flows.report_kpis import report_kpis
from flows.report_share_board import report_share_board
from flows.report_shares import report_shares
from flows.revoke_share import revoke_share
from flows.seal_history import seal_history
from flows.send_letters import send_letters
from flows.withdraw_asset import withdraw_asset
from services.achievements import AchievementQuery
from services.brands import SettingsChange
from services.changes import ShareChange
from services.exporting import HistoryExport
from services.overview import OverviewQuery
from tests.outages.enduring import (
    BUSY,
    RENDERING,
    SECONDS,
    STORING,
    TIDYING,
    WISH,
    WITHDRAWN,
    endure,
)
from tests.outages.prefect_server import PrefectServer
from tests.outages.rehearsal import DatabaseAway, DiskFull, ServerAway, StoreGone

pytestmark = pytest.mark.filterwarnings("ignore")

#: Longer than anything here is away.
_BEGIN_SECONDS = 10 * SECONDS


@pytest.fixture(autouse=True, scope="module")
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


def once_it_begins(flow):
    """Begin again while Prefect's server does not answer: a run cannot begin without it."""

    def begin():
        deadline = time.monotonic() + _BEGIN_SECONDS
        while True:
            try:
                return flow()
            except httpx.ConnectError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(1)

    return begin


def make_flows(request):
    """All flows: those that have moments in their middle, and those that begin meanwhile."""
    off = ShareChange(downloads="off")
    in_their_middle = {
        "publish": lambda: publish_share(request),
        "change": lambda: asyncio.run(change_share("changed", off)),
        "withdraw": lambda: asyncio.run(withdraw_asset("withdrawn", WITHDRAWN)),
        "revoke": lambda: asyncio.run(revoke_share("revoked")),
        "add": lambda: asyncio.run(add_format(WISH)),
        "make": lambda: asyncio.run(make_formats()),
        "replan": lambda: asyncio.run(replan_bundles()),
        "expire": lambda: asyncio.run(expire_shares()),
        "purge": lambda: asyncio.run(purge_shares()),
        "collect": lambda: asyncio.run(collect_garbage()),
        "seal": lambda: asyncio.run(seal_history()),
    }
    meanwhile = {
        "letters": lambda: asyncio.run(send_letters()),
        "reconcile": lambda: asyncio.run(reconcile_shares()),
        "check": lambda: asyncio.run(check_store(read_digests=True)),
        "export": lambda: asyncio.run(export_history(HistoryExport())),
        "settings": lambda: asyncio.run(change_settings(SettingsChange(company="Halden"))),
        "overview": lambda: report_shares(OverviewQuery()),
        "history": lambda: report_history("read"),
        "board": lambda: report_share_board(WITHDRAWN),
        "kpis": lambda: report_kpis(AchievementQuery()),
    }
    return in_their_middle | {name: once_it_begins(flow) for name, flow in meanwhile.items()}


def test_every_flow_outlives_a_database_that_is_stopped_and_started(installation, cluster):
    answers = endure(installation, make_flows, BUSY | TIDYING, DatabaseAway(cluster))

    assert ("d/1/web", 503, True) in answers


def test_every_flow_outlives_a_store_that_is_away_and_back(installation):
    folder = installation.store.folder

    answers = endure(installation, make_flows, STORING | TIDYING, StoreGone(folder))

    assert ("d/1/web", 503, True) in answers


def test_every_flow_outlives_a_disk_that_is_full(installation, small_disk):
    endure(installation, make_flows, RENDERING | TIDYING, DiskFull(small_disk))


def test_every_flow_outlives_prefects_server(installation, prefect_server):
    away = ServerAway(prefect_server)

    answers = endure(installation, make_flows, BUSY | TIDYING, away, 2 * SECONDS)

    assert {status for _, status, _ in answers} == {200}
