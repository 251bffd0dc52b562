import asyncio

import pytest

from flows.export_history import export_history
from flows.seal_history import seal_history
from services.bundles.signature import read_keys
from services.chain.checking import verify_file
from services.exporting import HistoryExport
from services.signing import read_public_keys
from tests.publishing import publish

pytestmark = pytest.mark.filterwarnings("ignore")


def test_an_operator_seals_and_exports_the_history_of_a_share(flow_installation):
    share_id = publish(flow_installation)

    sealed = asyncio.run(seal_history())
    name = asyncio.run(export_history(HistoryExport(share=str(share_id))))

    keys = read_keys(read_public_keys(flow_installation))
    verdict = verify_file(flow_installation.settings.home.resolve() / "exports" / name, keys)
    assert sealed > 0 and asyncio.run(seal_history()) == 1  # that it was exported
    assert (verdict.fault, verdict.events, verdict.share) == ("", sealed, str(share_id))
