"""The peak of a stack's memory, sampled while it works.

To look at every process twice a second costs a twentieth of a processor: only who asks for the peak
has it sampled.
"""

import threading

from deployments.stack.processes import sum_memory

_MEBIBYTE = 1 << 20
_SAMPLE_SECONDS = 0.5


class PeakMemory:
    """Samples the summed memory of all processes of a stack from a thread of its own."""

    def __init__(self, mark: str) -> None:
        self.peak_mb = 0.0
        self._mark = mark
        self._stop = threading.Event()
        threading.Thread(target=self._watch, daemon=True, name="memory").start()

    def stop(self) -> float:
        """Sample once more and then no more, and return the peak."""
        self._stop.set()
        self.sample()
        return self.peak_mb

    def sample(self) -> float:
        """Measure once, in MB of proportional set size, and keep the peak."""
        now = round(sum_memory(self._mark) / _MEBIBYTE, 1)
        self.peak_mb = max(self.peak_mb, now)
        return now

    def _watch(self) -> None:
        while not self._stop.wait(_SAMPLE_SECONDS):
            self.sample()
