"""The same folder shared again: nothing is rendered, and no original is opened.

The peer is the first time. That no original is opened is seen by strace, which is attached to
Prefect's worker and follows the flow and all that it starts; a folder that was never shared is
published under it too, to show that it sees what is opened. COUNT lowers the number of photographs.
"""

import os
import statistics
import tempfile
from pathlib import Path

from benchmarks.photographs import make_photographs
from benchmarks.publish import publish
from benchmarks.result import Result
from benchmarks.stage import Stage, staged
from benchmarks.tracing import count_opened, traced

_COUNT = int(os.environ.get("COUNT", "200"))
_CONTROL = 5
_ROUNDS = 5


def measure() -> list[Result]:
    """Share a folder once and then again and again."""
    with tempfile.TemporaryDirectory(prefix="vitrine republish ") as place:
        library = Path(place) / "library"
        make_photographs(library / "shoot", _COUNT)
        make_photographs(library / "control", _CONTROL, seed=2)
        with staged(Path(place) / "home", library) as stage:
            first = publish(stage, "shoot", "first")
            again = [publish(stage, "shoot", f"again-{number}") for number in range(_ROUNDS)]
            opened = _trace(stage, library, Path(place) / "trace")
    flow = statistics.median(one.flow_seconds for one in again)
    whole = statistics.median(one.seconds for one in again)
    what = f"{_COUNT} photographs of 12 to 24 MP shared again"
    times = round(flow, 3), 50, "the first time", round(first.flow_seconds, 3)
    seen = f"{what}: originals opened, seen by strace on the flow and all that it starts"
    return [
        Result("republish", f"{what}, from the flow's first line to open", "s", "lower", *times),
        Result("republish_request", f"{what}, from the request", "s", "lower", round(whole, 2), 5),
        Result("republish_opened", seen, "originals", "lower", opened, 0),
    ]


def _trace(stage: Stage, library: Path, trace: Path) -> int:
    """Count the originals that sharing again opens; the control must open all of its own."""
    with traced(stage.find("prefect", "worker", "start"), trace):
        publish(stage, "shoot", "watched")
        publish(stage, "control")
    control = count_opened(trace, library / "control")
    assert len(control) == _CONTROL, f"strace saw {len(control)} of {_CONTROL} originals opened"
    return len(count_opened(trace, library / "shoot"))
