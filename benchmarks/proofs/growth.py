"""Ten times the work takes ten times as long, and ten thousand photographs no more memory.

First 200 and 2,000 photographs of 12 to 24 megapixels through the product: the smaller share before
and after the larger one, so that a machine that slows down meanwhile slows both. Then 10,000 of two
megapixels, while the memory of the flow with its renderers and of the whole stack is sampled as
proportional set size. 200 photographs are distinct; of each the others differ in a comment, which
makes them other originals and costs the same. COUNT is the larger number (2,000), SOURCES names real
photographs to make them from.
"""

import contextlib
import os
import statistics
import tempfile
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import psutil
import pyvips

from benchmarks.photographs import SAMPLES, make_photographs
from benchmarks.publish import publish
from benchmarks.stage import Stage, staged
from deployments.stack.processes import find_processes

_MANY = int(os.environ.get("COUNT", "2000"))
_FEW = max(1, _MANY // 10)
#: As many as a share may have, where _MANY is 2,000.
_SMALL_ONES = 5 * _MANY
_SMALL_EDGE = 1760
_SAMPLE_SECONDS = 1.0
_MEGABYTE = 1_000_000
_RENDERER, _FLOW = "services.rendering.worker", "prefect.engine"
_MOST_SLOWER = 1.1
_MOST_FLOW_MB, _MOST_STACK_MB = 700, 1300
#: What the last quarter may have more than the second one, and still be flat.
_FLAT = 1.05


@dataclass
class Samples:
    """Proportional set sizes in MB, one after the other, of a flow with renderers and of all."""

    flow: list[float] = field(default_factory=list)
    stack: list[float] = field(default_factory=list)

    def is_flat(self) -> bool:
        """Whether neither has more in the last quarter than in the second one."""
        return all(b <= a * _FLAT for a, b in map(compare_quarters, (self.flow, self.stack)))


def prove() -> dict[str, Any]:
    """Publish ten times as many, and then ten thousand."""
    with tempfile.TemporaryDirectory(prefix="vitrine growth ") as place:
        library = Path(place) / "library"
        distinct = Path(os.environ.get("PHOTOGRAPHS", Path(place) / "distinct"))
        sources = Path(os.environ.get("SOURCES", SAMPLES))
        made = make_photographs(distinct, min(_FEW, 200), sources=sources)
        for name, count in (("before", _FEW), ("many", _MANY), ("after", _FEW)):
            copy_distinctly(made, library / name, count)
        copy_distinctly(_reduce_all(made, Path(place) / "small"), library / "small", _SMALL_ONES)
        with staged(Path(place) / "home", library) as stage:
            seconds = {
                name: publish(stage, name).flow_seconds for name in ("before", "many", "after")
            }
            sampler = _Sampler(stage)
            seconds["small"] = publish(stage, "small").flow_seconds
            samples = sampler.stop()
    return _judge(seconds, samples)


def copy_distinctly(photographs: Sequence[Path], folder: Path, count: int) -> None:
    """Write `count` copies of JPEGs, 500 to a folder, of which no two have the same bytes."""
    for number, path in enumerate(islice(cycle(photographs), count)):
        target = folder / f"batch {number // 500:02}" / f"frame {number:05}.jpg"
        target.parent.mkdir(parents=True, exist_ok=True)
        note = f"{folder.name} {number}".encode()
        comment = b"\xff\xfe" + (len(note) + 2).to_bytes(2, "big") + note
        whole = path.read_bytes()
        target.write_bytes(whole[:2] + comment + whole[2:])


def compare_quarters(values: Sequence[float]) -> tuple[float, float]:
    """Give the means of the second and of the last quarter."""
    quarter = max(1, len(values) // 4)
    second = values[quarter : 2 * quarter] or values
    return statistics.fmean(second), statistics.fmean(values[-quarter:])


def _reduce_all(photographs: Sequence[Path], folder: Path) -> list[Path]:
    """Reduce photographs to about two megapixels."""
    folder.mkdir()

    def reduce(path: Path) -> Path:
        image = pyvips.Image.thumbnail(str(path), _SMALL_EDGE, height=_SMALL_EDGE)
        image.jpegsave(str(folder / path.name), Q=92)
        return folder / path.name

    with ThreadPoolExecutor(2) as threads:
        return list(threads.map(reduce, photographs))


class _Sampler:
    """Samples the memory of a stack from a thread of its own."""

    def __init__(self, stage: Stage) -> None:
        self.samples = Samples()
        self._mark = stage.home.mark
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True, name="memory")
        self._thread.start()

    def stop(self) -> Samples:
        """Sample no more, and give what was sampled."""
        self._stop.set()
        self._thread.join()
        return self.samples

    def _watch(self) -> None:
        flows: set[int] = set()
        while not self._stop.wait(_SAMPLE_SECONDS):
            processes = {one.pid: one for one in find_processes(self._mark)}
            renderers = [pid for pid, one in processes.items() if _is(one, _RENDERER)]
            parents = {_find_parent(processes[pid]) for pid in renderers}
            # The flow is the one that renders; others may run for a moment beside it.
            flows |= {pid for pid in parents if pid in processes and _is(processes[pid], _FLOW)}
            if not flows & processes.keys():
                continue
            sizes = {pid: _measure(one) for pid, one in processes.items()}
            family = [pid for pid in sizes if pid in flows or _find_parent(processes[pid]) in flows]
            self.samples.flow.append(sum(sizes[pid] for pid in family))
            self.samples.stack.append(sum(sizes.values()))


def _is(process: psutil.Process, word: str) -> bool:
    with contextlib.suppress(psutil.Error):
        return word in process.cmdline()
    return False


def _find_parent(process: psutil.Process) -> int:
    with contextlib.suppress(psutil.Error):
        return process.ppid()
    return 0


def _measure(process: psutil.Process) -> float:
    with contextlib.suppress(psutil.Error):
        return float(process.memory_full_info().pss / _MEGABYTE)
    return 0.0


def _judge(seconds: dict[str, float], samples: Samples) -> dict[str, Any]:
    few = statistics.fmean((seconds["before"], seconds["after"]))
    ratio = seconds["many"] / few / (_MANY / _FEW)
    peaks = max(samples.flow), max(samples.stack)
    is_small = peaks[0] <= _MOST_FLOW_MB and peaks[1] <= _MOST_STACK_MB
    return {
        "proven": ratio <= _MOST_SLOWER and is_small and samples.is_flat(),
        "photographs": [_FEW, _MANY, _FEW],
        "seconds": [round(seconds[name], 1) for name in ("before", "many", "after")],
        "times_slower_each": round(ratio, 3),
        "photographs_of_2_mp": _SMALL_ONES,
        "seconds_of_2_mp": round(seconds["small"], 1),
        "peak_flow_and_renderers_mb": round(peaks[0]),
        "peak_stack_mb": round(peaks[1]),
        "flow_quarters_mb": [round(one) for one in compare_quarters(samples.flow)],
        "stack_quarters_mb": [round(one) for one in compare_quarters(samples.stack)],
        "samples": len(samples.flow),
    }
