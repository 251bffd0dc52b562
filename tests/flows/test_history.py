import asyncio

import pytest

from deployments import standby
from flows.export_history import export_history
from flows.seal_history import seal_history
from models import HistorySeal
from services.bundles.signature import read_keys
from services.chain.checking import verify_file
from services.chain.sealing import has_waiting
from services.exporting import HistoryExport
from services.signing import read_public_keys
from tests.publishing import publish
from tests.services.chain.conftest import tell

pytestmark = pytest.mark.filterwarnings("ignore")


def test_an_operator_seals_and_exports_the_history_of_a_share(flow_installation):
    share_id = publish(flow_installation)

    sealed = asyncio.run(seal_history())
    name = asyncio.run(export_history(HistoryExport(share=str(share_id))))

    keys = read_keys(read_public_keys(flow_installation))
    verdict = verify_file(flow_installation.settings.home.resolve() / "exports" / name, keys)
    assert sealed > 0 and asyncio.run(seal_history()) == 1  # that it was exported
    assert (verdict.fault, verdict.events, verdict.share) == ("", sealed, str(share_id))


def test_the_standby_seals_what_waits_and_rests_for_a_minute(flow_installation, monkeypatch):
    monkeypatch.setattr(standby, "get_installation", lambda: flow_installation)
    tell(flow_installation, 1)

    async def look_twice():
        ours = standby.Standby()
        ours._start_sealing()
        await ours._sealing
        tell(flow_installation, 2)
        ours._start_sealing()
        await ours._sealing

    asyncio.run(look_twice())

    with flow_installation.transaction() as session:
        assert session.query(HistorySeal.count).all() == [(1,)]
    assert has_waiting(flow_installation)
