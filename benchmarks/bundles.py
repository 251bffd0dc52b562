"""Zips through the gate, against nginx with the finished zip, and zipstream-ng as documented.

Every download is one of its own, with its durable event; the client (curl) runs on the same cores.
"""

import statistics

import psutil

from benchmarks.result import Result
from benchmarks.zips import Arena, Zip, arena, count_seconds, measure_rate

_ROUNDS = 5


def measure() -> list[Result]:
    """Download both zips from all three in turn."""
    with arena() as everything:
        return [
            *_compare(everything, everything.large, 0.65, 4),
            *_compare(everything, everything.small, 0.55, 10),
        ]


def _compare(everything: Arena, one: Zip, of_nginx: float, of_zipstream: float) -> list[Result]:
    rates: dict[str, list[float]] = {"ours": [], "nginx": [], "zipstream": []}
    seconds = {"ours": 0.0, "zipstream": 0.0}
    gateways = everything.gateways()
    for _ in range(_ROUNDS):
        for name, url, processes in (
            ("ours", one.ours, gateways),
            ("nginx", one.nginx, []),
            ("zipstream", one.zipstream, [everything.zipstream]),
        ):
            rate, used = _take(one, url, processes)
            rates[name].append(rate)
            if name in seconds:
                seconds[name] += used
    found = {name: round(statistics.median(values), 3) for name, values in rates.items()}
    sent = _ROUNDS * one.size_bytes / 1e9
    what = (
        f"{one.files:,} files, {one.size_bytes / 1e9:.2f} GB; processor seconds a GB"
        f" {seconds['ours'] / sent:.2f}, zipstream-ng {seconds['zipstream'] / sent:.2f}"
    )
    nginx, naive = "nginx, the finished zip from disk", "zipstream-ng, StreamingResponse"
    return [
        Result(f"bundles_{one.name}_{peer}", what, "GB/s", "higher", found["ours"], target, *said)
        for peer, target, said in (
            ("nginx", of_nginx, (nginx, found["nginx"])),
            ("zipstream", of_zipstream, (naive, found["zipstream"])),
        )
    ]


def _take(one: Zip, url: str, processes: list[psutil.Process]) -> tuple[float, float]:
    before = count_seconds(processes)
    rate = measure_rate(one, url)
    return rate, count_seconds(processes) - before
