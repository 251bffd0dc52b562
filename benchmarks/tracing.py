"""Which files processes open: written down by strace, so that what is not opened is proven."""

import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from benchmarks.tools import need_package

#: A call that was interrupted in the trace names its path in the first half alone.
_OPENED = re.compile(r'\b(?:open|openat|openat2)\((?:[^",]+, )?"([^"]+)"')
_ATTACHED_WITHIN = 30.0


@contextmanager
def traced(processes: Iterable[psutil.Process], target: Path) -> Iterator[None]:
    """Write to `target` what these processes open meanwhile, and all that they start."""
    need_package("strace", "strace")
    wanted = list(processes)
    command = ["strace", "-f", "-qq", "-e", "trace=open,openat,openat2", "-o", str(target)]
    tracer = subprocess.Popen([*command, *(f"-p{one.pid}" for one in wanted)])
    try:
        _wait(tracer, wanted)
        yield
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.wait()


def count_opened(trace: Path, folder: Path) -> Counter[str]:
    """Count how often each file below a folder was opened; other ways to its bytes start so too."""
    inside = f"{folder.resolve()}/"
    with trace.open(errors="replace") as lines:
        opened = [match[1] for match in map(_OPENED.search, lines) if match]
    return Counter(one for one in opened if one.startswith(inside) and Path(one).is_file())


def _wait(tracer: "subprocess.Popen[bytes]", processes: Iterable[psutil.Process]) -> None:
    deadline = time.monotonic() + _ATTACHED_WITHIN
    while not all(_is_traced(one) for one in processes):
        if tracer.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("strace cannot attach itself here")
        time.sleep(0.05)


def _is_traced(process: psutil.Process) -> bool:
    """Whether every thread of a process has a tracer."""
    threads = Path(f"/proc/{process.pid}/task").glob("*/status")
    return all("TracerPid:\t0\n" not in one.read_text() for one in threads)
