"""Some months of shares in small; `make prove NAME=year` is a year of ten thousand."""

import json
import os
from pathlib import Path

import pytest

from tests.photographs import write_photograph
from tests.year import Year

SHARES, DAYS = int(os.environ.get("SHARES", "60")), int(os.environ.get("DAYS", "90"))


@pytest.fixture
def library(tmp_path):
    """Two originals, the smallest that are really rendered."""
    root = tmp_path / "library"
    write_photograph(root / "ridge.jpg", seed=1)
    (root / "notes.txt").write_text("Nothing to see here.")
    return root


def test_what_is_shown_and_kept_is_true_on_every_day_and_nothing_is_left_at_the_end(
    installation, set_clock
):
    year = Year(
        installation,
        set_clock,
        seed=7,
        assets=max(20, SHARES // 25),
        real_every=max(10, SHARES // 100),
    )
    made = 0
    for day in range(1, DAYS + 1):
        due = SHARES * day // DAYS
        year.pass_day(due - made)
        made = due
        if day % 7 == 0 or day == DAYS:
            year.check()
    year.end()
    year.check()
    year.check_nothing_left()

    if report := os.environ.get("REPORT"):
        Path(report).write_text(json.dumps(year.counts))
    assert year.counts["made"] == SHARES
    assert min(year.counts.values()) > 0
