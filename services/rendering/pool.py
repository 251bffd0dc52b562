"""A pool of rendering processes in which every misfortune is charged to its own picture.

A process that crashes, hangs or asks for too much memory loses the one picture it works on. Pools
of the standard library lose all of them (`BrokenProcessPool`) or wait for ever. Several tasks may
hand in orders at once; they share the processes.
"""

import base64
import json
import os
import queue
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import asdict
from multiprocessing.connection import Connection

from services.rendering.orders import RenderedFile, RenderOrder, RenderOutcome
from services.settings import STACK_MARK, inherit_environment

#: A process is replaced after so many pictures: what a decoder leaks does not add up.
_ORDERS_PER_PROCESS = 500
#: These can be the machine's fault: tried once more, in a fresh process.
_TRIED_AGAIN = frozenset({"timeout", "crash", "memory"})


class RenderPool:
    """Renders orders in `processes` processes, each order within `seconds` and `memory_mb`."""

    def __init__(self, *, processes: int, seconds: float, memory_mb: int) -> None:
        self._seconds = seconds
        self._memory_mb = memory_mb
        self._idle: queue.SimpleQueue[_Process] = queue.SimpleQueue()
        self._threads = ThreadPoolExecutor(processes, thread_name_prefix="render")

    def render(self, orders: Sequence[RenderOrder]) -> Iterator[RenderOutcome]:
        """Yield the outcome of each order as it is ready, in no particular order."""
        futures: list[Future[RenderOutcome]] = [
            self._threads.submit(self._render_one, order) for order in orders
        ]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            for future in futures:
                future.cancel()

    def close(self) -> None:
        """End all processes; orders that wait are dropped."""
        self._threads.shutdown(cancel_futures=True)
        while not self._idle.empty():
            self._idle.get().end()

    def _render_one(self, order: RenderOrder) -> RenderOutcome:
        outcome = self._attempt(order, self._take())
        if outcome.failure in _TRIED_AGAIN:
            outcome = self._attempt(order, _Process(self._memory_mb))
        return outcome

    def _take(self) -> "_Process":
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            return _Process(self._memory_mb)

    def _attempt(self, order: RenderOrder, process: "_Process") -> RenderOutcome:
        outcome = process.render(order, self._seconds)
        if outcome.failure in _TRIED_AGAIN or process.served >= _ORDERS_PER_PROCESS:
            process.end()
        else:
            self._idle.put(process)
        return outcome


class _Process:
    """One rendering process, seen from its parent."""

    def __init__(self, memory_mb: int) -> None:
        self.served = 0
        ours, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-m", "services.rendering.worker"]
            self._popen = subprocess.Popen(
                [*command, str(theirs.fileno()), str(memory_mb)],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env=_environment(),
            )
        self._connection = Connection(ours.detach())

    def render(self, order: RenderOrder, seconds: float) -> RenderOutcome:
        self.served += 1
        try:
            self._connection.send_bytes(json.dumps(asdict(order)).encode())
            if not self._connection.poll(seconds):
                text = f"The picture was not finished in {seconds:g} seconds"
                return RenderOutcome(order, failure="timeout", message=text)
            return _read_answer(order, self._connection.recv_bytes())
        except (EOFError, OSError):
            text = "The picture brought down the process that read it"
            return RenderOutcome(order, failure="crash", message=text)

    def end(self) -> None:
        self._connection.close()
        self._popen.kill()
        self._popen.wait()


def _read_answer(order: RenderOrder, message: bytes) -> RenderOutcome:
    fields = json.loads(message)
    files = tuple(
        RenderedFile(**{**one, "sha256": base64.b64decode(one["sha256"])})
        for one in fields.pop("files")
    )
    return RenderOutcome(order, files, **fields)


def _environment() -> dict[str, str]:
    """Give a process what its libraries need, and none of our secrets.

    One thread a process and one arena of memory: measured fastest, and half the memory.
    """
    inherited = inherit_environment(frozenset({"PATH", "HOME", "TMPDIR"}))
    # Of ours only the mark by which a stack finds what it started.
    kept = {n: v for n, v in inherited.items() if n == STACK_MARK or not n.startswith("VITRINE_")}
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "VIPS_CONCURRENCY": "1",
        "MALLOC_ARENA_MAX": "2",
        "VIPS_WARNING": "0",
    }
