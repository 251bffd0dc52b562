"""10,000 shares whose time is over at the same moment: all are marked, with an event each.

No peer was found that does this and tells of it. COUNT lowers the number of shares.
"""

import os
import time
from datetime import timedelta

from benchmarks.founded import founded
from benchmarks.made_shares import add_shares, count_rows
from benchmarks.result import Result
from models.kinds import ShareState
from services.closing import expire_shares

_COUNT = int(os.environ.get("COUNT", "10000"))
_MOST_SECONDS = 10.0


def measure() -> list[Result]:
    """Mark all of them, as the schedule does when it comes late."""
    with founded() as (installation, _):
        ids = add_shares(installation, _COUNT, state=ShareState.OPEN, age=timedelta(seconds=1))
        began = time.monotonic()
        expired = expire_shares(installation)
        seconds = time.monotonic() - began
        assert set(expired) == set(ids)
        assert count_rows(installation, "history_event", "kind = 'share:expired'") == _COUNT
    what = f"{_COUNT:,} shares due at once, marked with an event each"
    return [Result("expire", what, "s", "lower", round(seconds, 2), _MOST_SECONDS)]
