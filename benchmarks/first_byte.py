"""How long the first byte of a zip takes: with 10 and with 10,000 entries, anywhere in it.

A download's event is durable before its first byte, so that a commit is the floor: the same database
commits one row before each first byte that is asked for, so that a slow moment of the disk is in both.
"""

import os
import random
import secrets
import socket
import statistics
import time
from urllib.parse import urlsplit

from sqlalchemy import Connection, text

from benchmarks.result import Result
from benchmarks.zips import Arena, Zip, arena, fetch

_ASKED = 150
#: What the visitor before left behind is written by then: a first byte is measured, not a load.
_PAUSE_SECONDS = 0.05


def measure() -> list[Result]:
    """Ask for first bytes at the start, in the middle and of the tail."""
    with arena() as everything:
        fetch(everything.small.ours)
        # What was written for this must not be written to the disk while it is measured.
        os.sync()
        results = []
        for place in ("start", "middle", "tail"):
            large, _ = _measure_first_bytes(everything, everything.large, place)
            small, commit = _measure_first_bytes(everything, everything.small, place)
            few, many = _percentile(large, 50), _percentile(small, 50)
            what = f"first byte at the {place}, 10,000 entries; p95 {_percentile(small, 95):.2f} ms"
            results.append(
                Result(f"first_byte_{place}", what, "ms", "lower", many, 1 / 1.5, "10 entries", few)
            )
            above = round(_percentile(small, 95) - _percentile(commit, 95), 3)
            what = f"p95 above a durable commit ({_percentile(commit, 95):.2f} ms), {place}"
            results.append(Result(f"first_byte_{place}_p95", what, "ms", "lower", above, 5.0))
        return results


def _measure_first_bytes(
    everything: Arena, one: Zip, place: str
) -> tuple[list[float], list[float]]:
    """Ask for first bytes, and commit a row before each; both in milliseconds."""
    chance = random.Random(3)  # noqa: S311 - a benchmark repeats itself
    asked, committed = [], []
    with everything.stage.installation.engine.connect() as connection:
        for _ in range(_ASKED):
            time.sleep(_PAUSE_SECONDS)
            committed.append(_commit(connection))
            time.sleep(_PAUSE_SECONDS)
            start = {
                "start": 0,
                "middle": chance.randrange(one.size_bytes // 4, one.size_bytes * 3 // 4),
                "tail": one.size_bytes - 22,
            }[place]
            asked.append(_ask(one.ours, start))
    return asked, committed


def _commit(connection: Connection) -> float:
    """Commit one row durably, as an event is."""
    began = time.perf_counter()
    connection.execute(
        text("INSERT INTO inspection (sha256, facts) VALUES (:key, '{}')"),
        {"key": secrets.token_bytes(32)},
    )
    connection.commit()
    return (time.perf_counter() - began) * 1000


def _ask(url: str, start: int) -> float:
    """Ask for the rest of a zip as another visitor each time, and leave after its first byte."""
    parts = urlsplit(url)
    asked = (
        f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        f"User-Agent: visitor {time.monotonic_ns()}\r\n"
        f"Range: bytes={start}-\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection((parts.hostname, parts.port)) as connection:
        began = time.perf_counter()
        connection.sendall(asked.encode())
        assert b" 206 " in connection.recv(200)
        return (time.perf_counter() - began) * 1000


def _percentile(values: list[float], percent: int) -> float:
    return round(statistics.quantiles(values, n=100)[percent - 1], 3)
