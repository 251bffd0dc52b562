"""kill -9 of a gateway under load: every download that was answered is on record.

A gateway of its own beside a running stack is killed again and again, while clients take downloads,
each as another visitor. A download counts as answered when its first byte has come.
"""

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from benchmarks.photographs import SAMPLES
from benchmarks.stage import ROOT, Stage, staged
from deployments.stack.ports import find_port

_KILLS = 60
_ANSWER_SECONDS = 20.0
_CLIENTS = 16
_LISTENS_WITHIN = 30.0


def prove() -> dict[str, Any]:
    """Kill sixty times."""
    with (
        tempfile.TemporaryDirectory(prefix="vitrine-gateway-kills-") as place,
        staged(Path(place) / "home", SAMPLES) as stage,
    ):
        return kill_gateways(stage, _KILLS)


def kill_gateways(stage: Stage, kills: int) -> dict[str, Any]:
    """Kill gateways of their own while they serve downloads, and compare what is on record."""
    stage.publish({"owner": "anna", "title": "Kills", "folder": "House", "request_key": "kills"})
    path = urlsplit(str(stage.wait_for_share("kills")["link"])).path
    before = stage.count("history_event", kind="download:started")
    answered: list[int] = []
    chance = random.Random(7)  # noqa: S311 - a proof repeats itself
    for number in range(kills):
        with running_gateway(stage) as (process, url):
            stop = threading.Event()
            clients = [
                threading.Thread(target=_take, args=(url, path, f"{number}.{n}", stop, answered))
                for n in range(_CLIENTS)
            ]
            for one in clients:
                one.start()
            _wait_for_answers(answered, len(answered) + 2)
            time.sleep(chance.uniform(0.0, 0.7))
            os.killpg(process.pid, signal.SIGKILL)
            stop.set()
            for one in clients:
                one.join()
    kept = stage.count("history_event", kind="download:started") - before
    return {
        "proven": kept >= len(answered) > kills,
        "kills": kills,
        "answered": len(answered),
        "on_record": kept,
        "lost": max(0, len(answered) - kept),
        "on_record_unanswered": kept - len(answered),
    }


def _wait_for_answers(answered: list[int], count: int) -> None:
    """Wait until so many were answered, on a busy machine too."""
    deadline = time.monotonic() + _ANSWER_SECONDS
    while len(answered) < count and time.monotonic() < deadline:
        time.sleep(0.01)


def _take(url: str, path: str, name: str, stop: threading.Event, answered: list[int]) -> None:
    """Take one download after the other until the gateway is gone."""
    count = 0
    with httpx.Client(timeout=10) as browser:
        while not stop.is_set():
            count += 1
            headers = {"User-Agent": f"visitor {name} {count}"}
            asked = browser.stream("GET", urljoin(url, f"{path}d/1/web"), headers=headers)
            with contextlib.suppress(httpx.HTTPError), asked as answer:
                if answer.status_code == httpx.codes.OK and next(answer.iter_raw(), b""):
                    answered.append(1)


@contextlib.contextmanager
def running_gateway(
    stage: Stage, port: int = 28300
) -> Iterator[tuple["subprocess.Popen[bytes]", str]]:
    """Run a gateway of its own beside a stack; gives its process and its address."""
    port = find_port(port)
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--no-ws", "--log-level", "error", "--loop", "uvloop"]
    process = subprocess.Popen(
        [*command, "--factory", "gateway.app:create"],
        cwd=ROOT,
        env={**os.environ, "VITRINE_HOME": str(stage.home.path)},
        start_new_session=True,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(port)
        yield process, f"http://127.0.0.1:{port}"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait(port: int) -> None:
    deadline = time.monotonic() + _LISTENS_WITHIN
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    raise TimeoutError(port)
