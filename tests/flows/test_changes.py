import asyncio

import pytest

from flows.change_share import change_share
from flows.replan_bundles import replan_bundles
from flows.revoke_share import revoke_share
from flows.withdraw_asset import withdraw_asset
from models import SharedAsset
from models.kinds import ShareState
from services.changes import ShareChange
from services.errors import ChangeRefused, ShareNotFound
from tests.publishing import a_request, publish, share_of

pytestmark = pytest.mark.filterwarnings("ignore")


def test_an_operator_changes_withdraws_and_revokes(flow_installation):
    share_id = publish(flow_installation, a_request(request_key="spring"))
    with flow_installation.transaction() as session:
        asset = session.query(SharedAsset).where(SharedAsset.position == 1).one().asset_id

    changed = asyncio.run(change_share("spring", ShareChange(downloads="off")))
    withdrawn = asyncio.run(withdraw_asset("spring", asset))
    revoked = asyncio.run(revoke_share(str(share_id)))

    assert (changed, withdrawn, revoked) == (["downloads"], True, True)
    assert share_of(flow_installation, share_id).state is ShareState.REVOKED


def test_zips_and_pages_are_made_true_again_by_one_flow(flow_installation):
    share_id = publish(flow_installation, a_request(request_key="spring"))
    asyncio.run(withdraw_asset("spring", "Campaign/ridge 1.jpg"))

    assert asyncio.run(replan_bundles()) == 4
    assert asyncio.run(replan_bundles(str(share_id))) == 0


def test_what_cannot_be_changed_fails_the_run_with_the_reason(flow_installation):
    share_id = publish(flow_installation)

    with pytest.raises(ShareNotFound, match="no share"):
        asyncio.run(revoke_share("elsewhere"))
    with pytest.raises(ChangeRefused, match="no asset"):
        asyncio.run(withdraw_asset(str(share_id), "elsewhere"))
