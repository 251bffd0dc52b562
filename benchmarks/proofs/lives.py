"""Random lives of shares, longer: whatever happens in whatever order, the rules of a life hold.

Shares are published, changed, revoked, purged and their garbage collected without a time of grace,
two workers at once, over clocks that jump, with runs that were asleep and come back. After each step
the store is compared with the database, and the history with the table of a life.
"""

import os
import re
import subprocess
import sys
import time
from typing import Any

from benchmarks.stage import ROOT

_EXAMPLES, _STEPS = 100, 40
_TEST = "tests/services/test_lives.py"


def prove() -> dict[str, Any]:
    """Run the state machine of the tests with more and longer examples."""
    began = time.monotonic()
    examples = os.environ.get("COUNT", str(_EXAMPLES))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", _TEST]
    command += ["--hypothesis-show-statistics"]
    environment = {**os.environ, "EXAMPLES": examples, "STEPS": str(_STEPS)}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    ran = re.findall(r"(\d+) passing examples", done.stdout)
    return {
        "proven": done.returncode == 0,
        "examples": sum(map(int, ran)) or int(examples),
        "most_steps": _STEPS,
        "seconds": round(time.monotonic() - began),
    }
