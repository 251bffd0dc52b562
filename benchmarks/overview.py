"""How long the overview, a history and a share board take in the database, among very many shares.

COUNT= shares of 100 assets each; 50,000 of them are 5 million shared assets.
"""

import os
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from benchmarks.founded import founded
from benchmarks.many_shares import CONTEXT, EVERYWHERE, OWNER, explain, fill, list_nodes
from benchmarks.result import Result
from models.share import Share
from services.achievements import AchievementQuery, select_achievements
from services.boards import select_board
from services.clock import read_clock
from services.installation import Installation
from services.overview import OverviewQuery, select_overview
from services.share_history import select_history

_ASSETS_EACH = 100
_ROUNDS = 7
_MOST_MS = 100.0
_MOST_REPORT_MS = 60_000.0


def measure() -> list[Result]:
    """Fill a database, and ask each question several times."""
    count = int(os.environ.get("COUNT", "50000"))
    with _database(count) as installation, installation.transaction() as session:
        return [
            _measure(session, name, what, statement, count)
            for name, what, statement in _questions(session)
        ]


def _questions(session: Session) -> Iterator[tuple[str, str, Any]]:
    now = read_clock(session)
    ids = session.scalars(select(Share.id).order_by(Share.id.desc())).all()
    middle, last = ids[len(ids) // 2], ids[-60]

    def overview(**values: Any) -> Any:
        return select_overview(OverviewQuery(**values), now)

    yield "overview_recent", "the first page of recent and live shares", overview()
    yield "overview_last", "its last page", overview(after=str(middle))
    yield "overview_all", "a page in the middle of all", overview(shares="all", after=str(middle))
    yield "overview_end", "the last page of all", overview(shares="all", after=str(last))
    yield "overview_owner", "those of one owner", overview(shares="all", owner=OWNER)
    yield "overview_context", "those for one context", overview(shares="all", context=CONTEXT)
    yield "overview_revoked", "those that were revoked", overview(shares="all", state="revoked")
    yield "overview_expired", "those that have expired", overview(shares="all", state="expired")
    yield (
        "overview_purging",
        "those of a state that none has",
        overview(shares="all", state="purging"),
    )
    board = select_board(EVERYWHERE, "Campaign/a.jpg", owner="", after="", limit=100)
    yield "board_everywhere", "the board of an asset in every share", board
    board = select_board("asset-4711", "Campaign/a.jpg", owner="", after="", limit=100)
    yield "board", "the board of an asset in a few", board
    yield "history", "the history of a share", select_history(middle, after=0, limit=100)
    figures = select_achievements(AchievementQuery(by="owner"), now)
    yield "figures", "figures of all owners of the last year", figures


def _measure(session: Session, name: str, what: str, statement: Any, count: int) -> Result:
    plans = [explain(session, statement, is_run=True) for _ in range(_ROUNDS)]
    milliseconds = statistics.median(one["Execution Time"] + one["Planning Time"] for one in plans)
    nodes = " > ".join(list_nodes(plans[-1]))
    told = f"{what}, {count:,} shares, {count * _ASSETS_EACH:,} shared assets; {nodes}"
    most = _MOST_REPORT_MS if name == "figures" else _MOST_MS
    return Result(name, told, "ms", "lower", round(milliseconds, 2), most)


@contextmanager
def _database(count: int) -> Iterator[Installation]:
    with founded(is_durable=False) as (installation, cluster):
        began = time.monotonic()
        with cluster.connect("vitrine") as connection:
            fill(connection, shares=count, assets=_ASSETS_EACH)
            # As autovacuum does it in time: the map of what is visible to all, for index-only scans.
            connection.execute("VACUUM")
        print(f"filled in {time.monotonic() - began:.0f} s", file=sys.stderr)
        yield installation
