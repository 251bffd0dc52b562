"""The life at the gate, longer: 300 random lives of up to 30 steps, every door asked after each.

What owners do (password, terms, downloads, the end of a share) and what visitors do (passwords,
acceptances, new browsers) in any order; after each step all doors must answer as the model says.
"""

import os
import re
import subprocess
import sys
import time
from typing import Any

from benchmarks.stage import ROOT

_EXAMPLES, _STEPS = 300, 30
_TEST = "tests/gateway/test_life_at_the_gate.py"


def prove() -> dict[str, Any]:
    """Run the state machine of the tests with more and longer examples."""
    began = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", _TEST]
    command += ["--hypothesis-show-statistics"]
    environment = {**os.environ, "EXAMPLES": str(_EXAMPLES), "STEPS": str(_STEPS)}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    ran = re.findall(r"(\d+) passing examples", done.stdout)
    return {
        "proven": done.returncode == 0,
        "examples": sum(map(int, ran)) or _EXAMPLES,
        "most_steps": _STEPS,
        "seconds": round(time.monotonic() - began),
    }
