import asyncio

import pytest
from prefect.client.orchestration import get_client

from flows.report_history import report_history
from flows.report_kpis import report_kpis
from flows.report_share_board import report_share_board
from flows.report_shares import report_shares
from services.achievements import AchievementQuery
from services.changes import ShareChange, change_share
from services.errors import ShareNotFound
from services.history import event_key, record
from services.overview import OverviewQuery
from tests.shares import keep_share

pytestmark = pytest.mark.filterwarnings("ignore")


def artifacts():
    """What Prefect keeps of tables, the newest first."""

    async def read():
        async with get_client() as client:
            return await client.read_artifacts()

    return sorted(asyncio.run(read()), key=lambda one: one.created, reverse=True)


@pytest.fixture
def share(flow_installation):
    """A share with people in its history."""
    share = keep_share(flow_installation, "secret/title.jpg", title="Secret title", context="press")
    with flow_installation.transaction() as session:
        record(
            session,
            "page:viewed",
            key=event_key("seen"),
            share_id=share.id,
            position=1,
            payload={"visitor": "v", "class": "human"},
            person={"address": "203.0.113.9"},
        )
    change_share(flow_installation, str(share.id), ShareChange(downloads="off"), asked_by="test")
    return share


def test_reports_show_ids_states_and_counts_and_nothing_that_a_purge_should_reach(share):
    assert report_shares(OverviewQuery()) == 1
    assert report_history(str(share.id)) == 2
    assert report_share_board("secret/title.jpg") == 1
    assert report_kpis(AchievementQuery(by="context")) == 1

    found = artifacts()[:4]
    tables = "\n".join(str(one.data) + str(one.description) for one in found)
    for shown in (str(share.id), "anna", "open", "press", "share:changed", "withdraw-asset"):
        assert shown in tables
    for hidden in ("Secret", "secret/title", "203.0.113"):
        assert hidden not in tables


def test_a_report_of_no_share_fails_with_the_reason(flow_installation):
    with pytest.raises(ShareNotFound, match="no share"):
        report_history("elsewhere")
