"""A thousand recipients at once: 600 requests a second, 35 of them downloads, for a minute.

An open loop: each request has its time, whether the one before was answered or not, and its latency
counts from that time. A recipient looks at the page, at some thirty pictures, and takes two things
a minute. The generator runs on the same machine; how much of it, is printed.
"""

import asyncio
import random
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from benchmarks.photographs import SAMPLES
from benchmarks.result import Result
from benchmarks.stage import Stage, staged

_SECONDS = 60
_REQUESTS_A_SECOND = 600
_DOWNLOADS_A_SECOND = 35
_PAGES_A_SECOND = 17
_RECIPIENTS = 1000
_CONNECTIONS = 400


@dataclass
class Load:
    """What came of all requests: latencies in milliseconds, and what was not answered with 200."""

    latencies: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    downloads: int = 0
    generator_percent: float = 0.0
    gateway_megabytes: float = 0.0


def measure() -> list[Result]:
    """Let a thousand recipients in."""
    with (
        tempfile.TemporaryDirectory(prefix="vitrine-recipients-") as place,
        staged(Path(place) / "home", SAMPLES) as stage,
    ):
        stage.publish({"owner": "anna", "title": "Autumn", "folder": "/", "request_key": "many"})
        link = str(stage.wait_for_share("many")["link"])
        load = asyncio.run(_drive(stage, link))
        kept = stage.count("history_event", kind="download:started")
    assert not load.errors, load.errors[:5]
    assert kept == load.downloads, f"{load.downloads} downloads, {kept} events"
    p50, p99 = (statistics.quantiles(load.latencies, n=100)[n - 1] for n in (50, 99))
    what = (
        f"{_RECIPIENTS:,} recipients, {len(load.latencies):,} requests in {_SECONDS} s,"
        f" {kept:,} downloads on record, median {p50:.1f} ms,"
        f" generator {load.generator_percent:.0f} % of a processor"
    )
    size = "resident memory of the largest gateway process meanwhile"
    return [
        Result("recipients_p99", what, "ms", "lower", round(p99, 1), 250),
        Result("recipients_memory", size, "MB", "lower", round(load.gateway_megabytes), 200),
    ]


async def _drive(stage: Stage, link: str) -> Load:
    load = Load()
    place = urlsplit(link)
    lines: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(_CONNECTIONS):
        lines.put_nowait(await asyncio.open_connection(place.hostname, place.port))
    gateways = [one for one in stage.find("granian") if "gateway.app" in " ".join(one.cmdline())]
    me = psutil.Process()
    me.cpu_percent()
    began = time.perf_counter()
    running = []
    for number, path in enumerate(_plan(place.path)):
        at = began + number / _REQUESTS_A_SECOND
        if (pause := at - time.perf_counter()) > 0:
            await asyncio.sleep(pause)
        running.append(asyncio.create_task(_ask(load, lines, at, path, number % _RECIPIENTS)))
        if number % _REQUESTS_A_SECOND == 0:
            sizes = [one.memory_info().rss / 1e6 for one in gateways]
            load.gateway_megabytes = max(load.gateway_megabytes, *sizes)
    await asyncio.gather(*running)
    load.generator_percent = me.cpu_percent()
    while not lines.empty():
        lines.get_nowait()[1].close()
    return load


def _plan(root: str) -> list[str]:
    """Spread the kinds of requests over each second; no recipient takes the same thing twice."""
    chance = random.Random(4)  # noqa: S311 - a benchmark repeats itself
    paths: list[str] = []
    for second in range(_SECONDS):
        looks = _REQUESTS_A_SECOND - _DOWNLOADS_A_SECOND - _PAGES_A_SECOND
        mix = [f"{root}i/{chance.randint(1, 20)}/1/thumbnail" for _ in range(looks)]
        mix += [root] * _PAGES_A_SECOND
        # Position and format change from minute to minute of a recipient, so that each counts.
        mix += [f"{root}d/{second % 20 + 1}/original"] * _DOWNLOADS_A_SECOND
        chance.shuffle(mix)
        paths += mix
    return paths


async def _ask(
    load: Load,
    lines: "asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]]",
    at: float,
    path: str,
    recipient: int,
) -> None:
    reader, writer = await lines.get()
    head = f"GET {path} HTTP/1.1\r\nHost: {_host(writer)}\r\nUser-Agent: recipient {recipient}"
    if "/d/" in path:
        # Each download is another visitor's: as many events as downloads.
        head += f" {load.downloads}"
        load.downloads += 1
    writer.write(f"{head}\r\n\r\n".encode())
    answer = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1])
        for line in answer.lower().split(b"\r\n")
        if line.startswith(b"content-length")
    )
    while length:
        length -= len(await reader.read(min(length, 1 << 20)))
    load.latencies.append((time.perf_counter() - at) * 1000)
    if not answer.startswith(b"HTTP/1.1 200"):
        load.errors.append(f"{path.rpartition('/s/')[0]} {answer[:20]!r}")
    lines.put_nowait((reader, writer))


def _host(writer: asyncio.StreamWriter) -> str:
    host, port = writer.get_extra_info("peername")[:2]
    return f"{host}:{port}"
