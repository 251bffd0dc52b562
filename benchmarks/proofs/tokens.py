"""Nobody finds out by trying: a hundred thousand addresses, all unknown, all answered alike.

Each is asked by a network that is still allowed to ask, as a proxy would name it, and each thousand
by one that is not any more. Then the links of a revoked share are asked beside unknown ones, in
turn. What tells them apart would be time: the statistic is the probability that an unknown address
takes longer than a revoked one (the AUC of Mann and Whitney's U), with its 99 % interval.
"""

import math
import secrets
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from benchmarks.photographs import SAMPLES
from benchmarks.stage import Stage, staged

_ADDRESSES = 100_000
_PAIRS = 5_000
_PER_NETWORK = 30
#: A difference of less than this nobody can use through a network.
_SMALL = 0.03
_Z_99 = 2.576


def prove() -> dict[str, Any]:
    """Try out addresses, and compare the times of two kinds of closed ones."""
    settings = {"VITRINE_TRUSTED_PROXIES": "127.0.0.1"}
    with (
        tempfile.TemporaryDirectory(prefix="vitrine-tokens-") as place,
        staged(Path(place) / "home", SAMPLES, **settings) as stage,
    ):
        token = _revoke_one(stage)
        before = stage.count("history_event")
        with httpx.Client(base_url=stage.state["public_url"], timeout=60) as browser:
            statuses, answers = _try_out(browser)
            stopped = [_ask(browser, secrets.token_urlsafe(16), "198.18.0.1")[0] for _ in range(31)]
            unknown, revoked = _compare(browser, token)
        events = stage.count("history_event") - before
    auc, margin = _estimate(unknown, revoked)
    alike = statuses == {404: _ADDRESSES} and answers == 1 and stopped[-1] == 429
    return {
        "proven": alike and events == 0 and abs(auc - 0.5) - margin < _SMALL,
        "addresses": _ADDRESSES,
        "statuses": dict(statuses),
        "different_answers": answers,
        "stopped_after": stopped.count(404),
        "events_written": events,
        "pairs": _PAIRS,
        "median_unknown_ms": round(1000 * _median(unknown), 3),
        "median_revoked_ms": round(1000 * _median(revoked), 3),
        "statistic": "P(unknown slower than revoked), Mann-Whitney AUC",
        "auc": round(auc, 4),
        "interval_99": [round(auc - margin, 4), round(auc + margin, 4)],
    }


def _revoke_one(stage: Stage) -> str:
    stage.publish({"owner": "anna", "title": "Gone", "folder": "House", "request_key": "gone"})
    link = str(stage.wait_for_share("gone")["link"])
    headers = {"Authorization": f"Bearer {stage.home.read_keys()['VITRINE_DESK_KEY']}"}
    desk = stage.state["desk_url"]
    httpx.post(f"{desk}/shares/gone/revocation", headers=headers).raise_for_status()
    return urlsplit(link).path.split("/")[2]


def _try_out(browser: httpx.Client) -> tuple[Counter[int], int]:
    statuses: Counter[int] = Counter()
    answers = set()
    for number in range(_ADDRESSES):
        network = 1 + number // _PER_NETWORK
        # Another /24 with every thirty addresses.
        client = f"{20 + network // 65_536}.{network // 256 % 256}.{network % 256}.7"
        status, content, _ = _ask(browser, secrets.token_urlsafe(16), client)
        statuses[status] += 1
        answers.add(content)
    return statuses, len(answers)


def _compare(browser: httpx.Client, token: str) -> tuple[list[float], list[float]]:
    unknown: list[float] = []
    revoked: list[float] = []
    for number in range(_PAIRS):
        client = f"100.{number // 256 % 256}.{number % 256}.7"
        pair = [(unknown, secrets.token_urlsafe(16)), (revoked, token)]
        # Whoever comes second finds a warmer machine: they take turns.
        for times, one in pair if number % 2 else reversed(pair):
            times.append(_ask(browser, one, client)[2])
    return unknown, revoked


def _ask(browser: httpx.Client, token: str, client: str) -> tuple[int, bytes, float]:
    began = time.perf_counter()
    answer = browser.get(f"/s/{token}/", headers={"X-Forwarded-For": client})
    return answer.status_code, answer.content, time.perf_counter() - began


def _estimate(unknown: list[float], revoked: list[float]) -> tuple[float, float]:
    """Estimate the AUC and half of its interval (Hanley and McNeil, 1982)."""
    merged = sorted([(one, 1) for one in unknown] + [(one, 0) for one in revoked])
    ranks = sum(rank for rank, (_, is_unknown) in enumerate(merged, 1) if is_unknown)
    n, m = len(unknown), len(revoked)
    auc = (ranks - n * (n + 1) / 2) / (n * m)
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    spread = auc * (1 - auc) + (n - 1) * (q1 - auc**2) + (m - 1) * (q2 - auc**2)
    return auc, _Z_99 * math.sqrt(spread / (n * m))


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]
