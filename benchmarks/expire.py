"""10,000 shares whose time is over at the same moment: all are marked, with an event each.

No peer was found that does this and tells of it. COUNT lowers the number of shares.
"""

import os
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from benchmarks.made_shares import add_shares
from benchmarks.result import Result
from benchmarks.stage import staged
from models.kinds import ShareState
from services.closing import expire_shares

_COUNT = int(os.environ.get("COUNT", "10000"))
_MOST_SECONDS = 10.0


def measure() -> list[Result]:
    """Mark all of them, as the schedule does when it comes late."""
    with tempfile.TemporaryDirectory(prefix="vitrine expire ") as place:
        library = Path(place) / "library"
        library.mkdir()
        with staged(Path(place) / "home", library) as stage:
            ids = add_shares(
                stage.installation, _COUNT, state=ShareState.OPEN, age=timedelta(seconds=1)
            )
            began = time.monotonic()
            expired = expire_shares(stage.installation)
            seconds = time.monotonic() - began
            # The schedule of the stack itself may have been faster with some.
            assert set(expired) <= set(ids)
            assert stage.count("share", state="expired") == _COUNT
            assert stage.count("history_event", kind="share:expired") == _COUNT
    what = f"{_COUNT:,} shares due at once, marked with an event each"
    return [Result("expire", what, "s", "lower", round(seconds, 2), _MOST_SECONDS)]
