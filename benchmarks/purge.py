"""Purging on the directory store: shares a second, and the memory that a large one takes.

A share has pages, plans, grants, references and personal sides of events as a publication leaves
them. The large one is purged in a process of its own, and so is a small one, to see what it takes
more. COUNT lowers the number of shares, ASSETS the size of the large one.
"""

import os
import resource
import subprocess
import sys
import time
from datetime import timedelta

from benchmarks.founded import founded
from benchmarks.made_shares import add_shares, count_rows, fill_shares
from benchmarks.result import Result
from deployments.stack.home import ROOT
from models.kinds import ShareState
from services.installation import Installation, get_installation
from services.purging import begin_purges, carry_out_purges

_COUNT = int(os.environ.get("COUNT", "1000"))
_ASSETS = int(os.environ.get("ASSETS", "10000"))
_SMALL, _EACH = 10, 100
_SHARES_A_SECOND = 20
_MOST_MORE_MB = 25
_LONG_AGO = timedelta(days=31)


def measure() -> list[Result]:
    """Purge many shares of 100 assets, then a small and a large one by themselves."""
    with founded() as (installation, _):
        _add(installation, _COUNT, _EACH)
        began = time.monotonic()
        purged = purge(installation)
        seconds = time.monotonic() - began
        assert purged == _COUNT
        small = _purge_alone(installation, _SMALL)
        large = _purge_alone(installation, _ASSETS)
        assert count_rows(installation, "share", "state = 'purged'") == _COUNT + 2
        assert not count_rows(installation, "shared_asset")
        assert not count_rows(installation, "history_person")
        assert not installation.store.list_folders("pages/")
    what = f"{_COUNT:,} shares of {_EACH} assets, looked for afterwards, with a receipt each"
    more = f"one share of {_ASSETS:,} assets: memory above that for one of {_SMALL}"
    rate = round(_COUNT / seconds, 1)
    return [
        Result("purge", what, "shares/s", "higher", rate, _SHARES_A_SECOND),
        Result("purge_memory", more, "MB", "lower", round(large - small, 1), _MOST_MORE_MB),
    ]


def purge(installation: Installation) -> int:
    """Purge all that is due, apart from what Prefect keeps, and return how many are gone."""
    begin_purges(installation)
    return len(carry_out_purges(installation).purged)


def _add(installation: Installation, count: int, assets: int) -> None:
    ids = add_shares(installation, count, state=ShareState.EXPIRED, age=_LONG_AGO)
    fill_shares(installation, ids, assets)


def _purge_alone(installation: Installation, assets: int) -> float:
    """Purge one share in a process of its own, and return the most memory it had, in MB."""
    _add(installation, 1, assets)
    settings = installation.settings
    answer = subprocess.run(
        [sys.executable, "-m", "benchmarks.purge"],
        env={
            **os.environ,
            "VITRINE_HOME": str(settings.home),
            "VITRINE_DATABASE_URL": settings.database_url.get_secret_value(),
            "VITRINE_LINK_KEY": settings.link_key.get_secret_value(),
        },
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(answer.stdout)


if __name__ == "__main__":
    assert purge(get_installation()) == 1
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000)
