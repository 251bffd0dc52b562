"""How long the first byte of a zip takes: with 10 and with 10,000 entries, anywhere in it.

A download's event is durable before its first byte, so that a commit is the floor; it is measured in
the same run, by the same database.
"""

import random
import socket
import statistics
import time
from urllib.parse import urlsplit

from sqlalchemy import text

from benchmarks.result import Result
from benchmarks.zips import Arena, arena, fetch

_ASKED = 150
#: What the visitor before left behind is written by then: a first byte is measured, not a load.
_PAUSE_SECONDS = 0.05


def measure() -> list[Result]:
    """Ask for first bytes at the start, in the middle and of the tail."""
    with arena() as everything:
        fetch(everything.small.ours)
        commit = _measure_commits(everything)
        results = []
        for place in ("start", "middle", "tail"):
            small, large = (
                _measure_first_bytes(one.ours, place, one.size_bytes)
                for one in (everything.small, everything.large)
            )
            few, many = _percentile(large, 50), _percentile(small, 50)
            what = f"first byte at the {place}, 10,000 entries; p95 {_percentile(small, 95):.2f} ms"
            results.append(
                Result(f"first_byte_{place}", what, "ms", "lower", many, 1 / 1.5, "10 entries", few)
            )
            above = round(_percentile(small, 95) - _percentile(commit, 95), 3)
            what = f"p95 above a durable commit ({_percentile(commit, 95):.2f} ms), {place}"
            results.append(Result(f"first_byte_{place}_p95", what, "ms", "lower", above, 5.0))
        return results


def _measure_commits(everything: Arena) -> list[float]:
    """Commit one row at a time, durably, as an event is."""
    found = []
    with everything.stage.installation.engine.connect() as connection:
        for number in range(_ASKED):
            time.sleep(_PAUSE_SECONDS)
            began = time.perf_counter()
            connection.execute(
                text("INSERT INTO inspection (sha256, facts) VALUES (:key, '{}')"),
                {"key": number.to_bytes(32)},
            )
            connection.commit()
            found.append((time.perf_counter() - began) * 1000)
    return found


def _measure_first_bytes(url: str, place: str, size_bytes: int) -> list[float]:
    chance = random.Random(3)  # noqa: S311 - a benchmark repeats itself
    parts = urlsplit(url)
    found = []
    for number in range(_ASKED):
        start = {
            "start": 0,
            "middle": chance.randrange(size_bytes // 4, size_bytes * 3 // 4),
            "tail": size_bytes - 22,
        }[place]
        agent = f"visitor {place} {number} {time.monotonic_ns()}"
        asked = (
            f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nUser-Agent: {agent}\r\n"
            f"Range: bytes={start}-\r\nConnection: close\r\n\r\n"
        )
        time.sleep(_PAUSE_SECONDS)
        with socket.create_connection((parts.hostname, parts.port)) as connection:
            began = time.perf_counter()
            connection.sendall(asked.encode())
            assert b" 206 " in connection.recv(200)
            found.append((time.perf_counter() - began) * 1000)
    return found


def _percentile(values: list[float], percent: int) -> float:
    return round(statistics.quantiles(values, n=100)[percent - 1], 3)
