"""The processes of a stack: each marked in its environment, so that none is ever left behind."""

import contextlib
import os
import time
from collections.abc import Iterable

import psutil

from services.settings import STACK_MARK


def find_processes(mark: str) -> list[psutil.Process]:
    """Find every process that carries the mark of a stack, except this one."""
    return [one for one in psutil.process_iter() if _carries(one, mark) and one.pid != os.getpid()]


def find_family(mark: str) -> list[psutil.Process]:
    """Find every process of a stack and what they started, whether that carries the mark or not.

    PostgreSQL's processes write over their environment what they are doing.
    """
    found = {one.pid for one in find_processes(mark)}
    return [one for one in psutil.process_iter() if one.pid in found or find_parent(one) in found]


def find_parent(process: psutil.Process) -> int:
    """Find which process started this one; 0 where it is gone."""
    with contextlib.suppress(psutil.Error):
        return process.ppid()
    return 0


def end_processes(mark: str, *, seconds: float) -> int:
    """End all processes of a stack, politely for some seconds, and return how many were left."""
    found = find_processes(mark)
    _each(found, "terminate")
    _, alive = psutil.wait_procs(found, timeout=seconds)
    _each(alive, "kill")
    # What they had started in the meantime carries the mark too.
    deadline = time.monotonic() + seconds
    while (rest := find_processes(mark)) and time.monotonic() < deadline:
        _each(rest, "kill")
        psutil.wait_procs(rest, timeout=1)
    return len(found)


def sum_memory(mark: str) -> int:
    """Sum the memory of a stack in bytes: proportional set size on Linux, else resident size."""
    return sum(_measure(one) for one in [*find_family(mark), psutil.Process()])


def _measure(process: psutil.Process) -> int:
    with contextlib.suppress(psutil.Error, OSError):
        memory = process.memory_full_info()
        return int(getattr(memory, "pss", memory.rss))
    return 0


def _carries(process: psutil.Process, mark: str) -> bool:
    with contextlib.suppress(psutil.Error, OSError):
        return process.environ().get(STACK_MARK) == mark and process.status() != "zombie"
    return False


def _each(processes: Iterable[psutil.Process], verb: str) -> None:
    for one in processes:
        with contextlib.suppress(psutil.Error):
            getattr(one, verb)()
