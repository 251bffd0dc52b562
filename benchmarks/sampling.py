"""The memory of a flow with its renderers, and of its whole stack, sampled while it works."""

import contextlib
import statistics
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import psutil

from benchmarks.stage import SUPERVISOR, Stage
from deployments.stack.processes import find_family, find_parent

_SAMPLE_SECONDS = 1.0
_MEGABYTE = 1_000_000
_RENDERER, _FLOW = "services.rendering.worker", "prefect.engine"
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


class Sampler:
    """Samples the memory of a stack from a thread of its own."""

    def __init__(self, stage: Stage) -> None:
        self.samples = Samples()
        self._stage = stage
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
            all_of_it = [*find_family(self._stage.home.mark), *self._stage.find(SUPERVISOR)]
            processes = {one.pid: one for one in all_of_it}
            renderers = [pid for pid, one in processes.items() if _is(one, _RENDERER)]
            parents = {find_parent(processes[pid]) for pid in renderers}
            # The flow is the one that renders; others may run for a moment beside it.
            flows |= {pid for pid in parents if pid in processes and _is(processes[pid], _FLOW)}
            if not flows & processes.keys():
                continue
            sizes = {pid: _measure(one) for pid, one in processes.items()}
            family = [pid for pid in sizes if pid in flows or find_parent(processes[pid]) in flows]
            self.samples.flow.append(sum(sizes[pid] for pid in family))
            self.samples.stack.append(sum(sizes.values()))


def _is(process: psutil.Process, word: str) -> bool:
    with contextlib.suppress(psutil.Error):
        return word in process.cmdline()
    return False


def _measure(process: psutil.Process) -> float:
    with contextlib.suppress(psutil.Error):
        return float(process.memory_full_info().pss / _MEGABYTE)
    return 0.0


def compare_quarters(values: Sequence[float]) -> tuple[float, float]:
    """Give the means of the second and of the last quarter."""
    quarter = max(1, len(values) // 4)
    second = values[quarter : 2 * quarter] or values
    return statistics.fmean(second), statistics.fmean(values[-quarter:])
