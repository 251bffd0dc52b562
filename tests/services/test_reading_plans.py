"""The database finds what is read by its indexes: it never looks at every share or asset for a page."""

import pytest
from sqlalchemy import select

from benchmarks.many_shares import CONTEXT, EVERYWHERE, OWNER, explain, fill, list_nodes
from models import Share
from services.boards import select_board
from services.clock import read_clock
from services.overview import OverviewQuery, select_overview
from services.share_history import select_history
from services.shares import select_share

SHARES, ASSETS = 4000, 5


@pytest.fixture
def session(installation, owner_connection):
    fill(owner_connection, shares=SHARES, assets=ASSETS)
    with installation.transaction() as session:
        yield session


def test_every_reading_goes_by_an_index(session):
    now = read_clock(session)
    middle = session.scalars(select(Share.id).order_by(Share.id).offset(SHARES // 2)).first()

    def overview(**values):
        return select_overview(OverviewQuery(**values), now)

    board = {"owner": "", "after": ""}
    questions = {
        "recent": (overview(), "pk_share"),
        "all, later": (overview(shares="all", after=str(middle)), "pk_share"),
        "owner": (overview(shares="all", owner=OWNER, limit=10), "ix_share_owner_id"),
        "context": (overview(shares="all", context=CONTEXT), "ix_share_context_id"),
        "state": (overview(shares="all", state="purging"), "ix_share_state_id"),
        "board": (select_board("asset-1", "a.jpg", limit=100, **board), "ix_shared_asset_asset"),
        "wide board": (select_board(EVERYWHERE, "", limit=100, **board), "ix_shared_asset_asset"),
        "playlists": (
            select_board("asset-1", "a.jpg", limit=9, **board),
            "ix_shared_asset_entries",
        ),
        "history": (select_history(middle, after=0, limit=50), "ix_history_event_share"),
        "key": (select_share("key-7", ""), "ix_share_request_key"),
        "id": (select_share(str(middle), ""), "pk_share"),
    }
    for name, (statement, index) in questions.items():
        nodes = list(list_nodes(explain(session, statement)))

        assert any(index in node for node in nodes), (name, nodes)
        assert not [one for one in nodes if one.startswith("Seq Scan")], (name, nodes)
