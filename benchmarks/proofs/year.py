"""A year of ten thousand shares: whatever is shown and kept is true on every day of it.

Shares are made, changed, withdrawn from, revoked, opened again, expire, are purged and collected by
the real services, under a clock that is put forward; a model in plain Python says what is true. At
the end nothing is left but receipts.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.stage import ROOT

_SHARES, _DAYS = 10_000, 365
_TEST = "tests/services/test_year.py"


def prove() -> dict[str, Any]:
    """Run the test of a few months with a year's numbers."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="vitrine-year-") as place:
        report = Path(place) / "report.json"
        numbers = {"SHARES": str(_SHARES), "DAYS": str(_DAYS), "REPORT": str(report)}
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:randomly", _TEST],
            cwd=ROOT,
            env={**os.environ, **numbers},
            capture_output=True,
            text=True,
            check=False,
        )
        counts = json.loads(report.read_text()) if report.exists() else {}
    said = {} if done.returncode == 0 else {"said": done.stdout[-2000:]}
    return {
        "proven": done.returncode == 0,
        "days": _DAYS,
        **counts,
        "seconds": round(time.monotonic() - began),
        **said,
    }
