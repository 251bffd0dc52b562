"""What running downloads cost: memory, open files, and work for clients that have gone."""

import socket
import statistics
import time
from urllib.parse import urlsplit

import psutil

from benchmarks.result import Result
from benchmarks.zips import Arena, Zip, arena, count_seconds

_DOWNLOADS = 20
_SETTLED_SECONDS = 2.0
_WATCHED_SECONDS = 3.0


def measure() -> list[Result]:
    """Hold twenty downloads of each zip whose clients read slowly, then let them go."""
    results = []
    with arena() as everything:
        for one in (everything.large, everything.small):
            results += _hold(everything, one)
    return results


def _hold(everything: Arena, one: Zip) -> list[Result]:
    gateways = everything.gateways()
    warm = [_begin(one.ours, f"warm {n}") for n in range(4)]
    for connection in warm:
        connection.close()
    time.sleep(_SETTLED_SECONDS)
    memory, files = _measure(gateways)
    held = [_begin(one.ours, f"held {n}") for n in range(_DOWNLOADS)]
    for _ in range(20):
        for connection in held:
            connection.recv(65536)
        time.sleep(0.05)
    more_memory, more_files = _measure(gateways)
    for connection in held:
        connection.close()
    time.sleep(_SETTLED_SECONDS)
    before = count_seconds(gateways)
    time.sleep(_WATCHED_SECONDS)
    idle = count_seconds(gateways) - before
    what = f"{_DOWNLOADS} slow downloads of {one.files:,} files, each"
    each = (more_memory - memory) / _DOWNLOADS / 1e6
    opened = statistics.mean([(more_files - files) / _DOWNLOADS])
    gone = f"processor time in {_WATCHED_SECONDS:.0f} s after {_DOWNLOADS} clients left"
    return [
        Result(f"bundle_memory_{one.name}", what, "MB", "lower", round(each, 2), 5),
        # Its connection is one of them.
        Result(f"bundle_files_{one.name}", f"{what}: open files", "", "lower", opened, 3),
        Result(f"bundle_left_{one.name}", gone, "s", "lower", round(idle, 3), 0.2),
    ]


def _begin(url: str, agent: str) -> socket.socket:
    parts = urlsplit(url)
    connection = socket.create_connection((str(parts.hostname), parts.port or 80))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    asked = f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nUser-Agent: {agent}\r\n\r\n"
    connection.sendall(asked.encode())
    connection.recv(1000)
    return connection


def _measure(gateways: list[psutil.Process]) -> tuple[int, int]:
    return sum(one.memory_full_info().uss for one in gateways), sum(
        one.num_fds() for one in gateways
    )
