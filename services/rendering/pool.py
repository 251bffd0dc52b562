"""A pool of rendering processes in which every misfortune is charged to its own picture.

A process that crashes, hangs or asks for too much memory loses the one picture it works on. Pools
of the standard library lose all of them (`BrokenProcessPool`) or wait for ever. Several tasks may
hand in orders at once; they share the processes.
"""

import base64
import contextlib
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import asdict
from multiprocessing.connection import Connection
from typing import Any

from services.formats.facts import Facts
from services.formats.recipes import write_recipe
from services.rendering.orders import Failure, RenderedFile, RenderOrder, RenderOutcome
from services.settings import STACK_MARK, inherit_environment

#: A process is replaced after so many pictures: what a decoder leaks does not add up.
_ORDERS_PER_PROCESS = 500
#: Starting a process takes half a second; an idle one holds 70 MB. Longer, they would still be there
#: when a publication needs most for itself, which is soon after its last picture.
_IDLE_SECONDS = 1.0

#: Told of an order and how much of it is done, from 0 to 1; False ends the work.
Progress = Callable[[RenderOrder, float], bool]


def _go_on(order: RenderOrder, share: float) -> bool:  # noqa: ARG001
    return True


class RenderPool:
    """Renders orders in `processes` processes, with `memory_mb` of address space each.

    A process that says nothing for `seconds` is stuck; what takes longer tells its progress. Where
    nothing was ordered for `idle_seconds`, the processes end, and their memory is for others.
    """

    def __init__(
        self,
        *,
        processes: int,
        seconds: float,
        memory_mb: int,
        idle_seconds: float = _IDLE_SECONDS,
    ) -> None:
        self._seconds = seconds
        self._idle_seconds = idle_seconds
        #: Started when an order is done; the next one ends it.
        self._timer = threading.Timer(0, self._rest)
        self._memory_mb = memory_mb
        self._idle: queue.SimpleQueue[_Process] = queue.SimpleQueue()
        self._threads = ThreadPoolExecutor(processes, thread_name_prefix="render")

    def render(
        self, orders: Sequence[RenderOrder], progress: Progress = _go_on
    ) -> Iterator[RenderOutcome]:
        """Yield the outcome of each order as it is ready, in no particular order.

        `progress` is called from other threads.
        """
        self._timer.cancel()
        futures: list[Future[RenderOutcome]] = [
            self._threads.submit(self._render_one, order, progress) for order in orders
        ]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            for future in futures:
                future.cancel()
            self._rest_later()

    def close(self) -> None:
        """End all processes; orders that wait are dropped."""
        self._timer.cancel()
        self._threads.shutdown(cancel_futures=True)
        self._rest()

    def _rest_later(self) -> None:
        self._timer.cancel()
        self._timer = threading.Timer(self._idle_seconds, self._rest)
        self._timer.daemon = True
        self._timer.start()

    def _rest(self) -> None:
        """End the processes that are idle: whoever orders next starts new ones."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._idle.get_nowait().end()

    def _render_one(self, order: RenderOrder, progress: Progress) -> RenderOutcome:
        outcome = self._attempt(order, self._take(), progress)
        # Once more, in a fresh process.
        if _may_be_chance(outcome):
            outcome = self._attempt(order, _Process(self._memory_mb), progress)
        return outcome

    def _take(self) -> "_Process":
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            return _Process(self._memory_mb)

    def _attempt(
        self, order: RenderOrder, process: "_Process", progress: Progress
    ) -> RenderOutcome:
        outcome = process.render(order, self._seconds, progress)
        if process.is_spent or _may_be_chance(outcome) or process.served >= _ORDERS_PER_PROCESS:
            process.end()
        else:
            self._idle.put(process)
        return outcome


class _Process:
    """One rendering process, seen from its parent."""

    def __init__(self, memory_mb: int) -> None:
        self.served = 0
        self.is_spent = False
        ours, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-m", "services.rendering.worker"]
            self._popen = subprocess.Popen(
                [*command, str(theirs.fileno()), str(memory_mb)],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env=_environment(),
                # What it starts for a film ends with it.
                start_new_session=True,
            )
        self._connection = Connection(ours.detach())

    def render(self, order: RenderOrder, seconds: float, progress: Progress) -> RenderOutcome:
        self.served += 1
        try:
            self._connection.send_bytes(_write_order(order))
            while self._connection.poll(seconds):
                fields = json.loads(self._connection.recv_bytes())
                if "progress" not in fields:
                    return _read_answer(order, fields)
                if not progress(order, fields["progress"]):
                    return self._give_up(order, "cancelled", "The work was cancelled")
            text = f"The file was not finished in {seconds:g} seconds"
            return self._give_up(order, "timeout", text)
        except (EOFError, OSError, ValueError, KeyError, TypeError):
            return self._give_up(order, "crash", "The file brought down the process that read it")

    def _give_up(self, order: RenderOrder, code: str, message: str) -> RenderOutcome:
        self.is_spent = True
        return RenderOutcome(order, failure=Failure(code, message))

    def end(self) -> None:
        self._connection.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        self._popen.wait()


def _may_be_chance(outcome: RenderOutcome) -> bool:
    return outcome.failure is not None and outcome.failure.may_be_chance


def _write_order(order: RenderOrder) -> bytes:
    fields = asdict(order)
    fields["outputs"] = [
        {"name": one.name, "recipe": write_recipe(one.recipe), "path": one.path}
        for one in order.outputs
    ]
    return json.dumps(fields).encode()


def _read_answer(order: RenderOrder, fields: dict[str, Any]) -> RenderOutcome:
    places = {output.name: output.path for output in order.outputs}
    files = tuple(
        # Where it lies is what was ordered: that process may be in somebody else's hands.
        RenderedFile(
            **{**one, "sha256": base64.b64decode(one["sha256"]), "path": places[one["name"]]}
        )
        for one in fields["files"]
        if one["name"] in places
    )
    return RenderOutcome(
        order,
        files,
        Facts.read(fields["facts"]),
        {name: Failure(**one) for name, one in fields["failures"].items() if name in places},
        Failure(**fields["failure"]) if fields["failure"] else None,
    )


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
        # Planes of pixels are used again, not given back to the system and faulted in anew.
        "MALLOC_MMAP_THRESHOLD_": str(64 << 20),
        "MALLOC_TRIM_THRESHOLD_": str(128 << 20),
        "VIPS_WARNING": "0",
    }
