"""Other people's clients take one zip in pieces: each gets the same bytes, told as one download.

curl, wget and aria2c (four connections) are ended in the middle, and go on where they stopped;
Chromium's line is cut, and it goes on by itself. nginx as it is by default keeps no copy of the zip
on its disk while a slow client takes it; that it would is shown by the same download with our
header ignored.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import psutil

from benchmarks.nginx import running_proxy
from benchmarks.relay import running_relay
from benchmarks.stage import Stage, staged
from benchmarks.tools import need_package
from benchmarks.zips import fetch, fill, publish_folder

_FILES = 100
_FILE_BYTES = 1_000_000
_INTERRUPTIONS = 3
#: A client that is not interrupted takes so long.
_SECONDS = 12
_UNTIL_INTERRUPTED = 1.5
_ON_RECORD_WITHIN = 10.0

_STARTED = """
    SELECT {what} FROM history_event e JOIN history_person p ON p.event_id = e.id
    WHERE e.kind = 'download:started' AND p.fields->>'agent' = %(agent)s
"""
_COUNT_STARTED = _STARTED.format(what="count(*)")
_COUNT_FINISHED = f"""
    SELECT count(*) FROM history_event WHERE kind = 'download:finished'
    AND payload->>'download' IN ({_STARTED.format(what="e.payload->>'download'")})
"""  # noqa: S608 - made of this module's own words


def _curl(url: str, target: Path, rate: int) -> list[str]:
    how = ["-C", "-", "--limit-rate", str(rate), "-A", "curl"]
    return ["curl", "-sSf", *how, "-o", str(target), url]


def _wget(url: str, target: Path, rate: int) -> list[str]:
    return ["wget", "-q", "-c", f"--limit-rate={rate}", "-U", "wget", "-O", str(target), url]


def _aria2c(url: str, target: Path, rate: int) -> list[str]:
    how = ["-x4", "-s4", "-k1M", "-c", "--file-allocation=none", "-U", "aria2c"]
    how += [f"--max-overall-download-limit={rate}", "-d", str(target.parent), "-o", target.name]
    return ["aria2c", "-q", *how, url]


#: What a client is called in the history, and how it is told to go on with a download.
CLIENTS: dict[str, Callable[[str, Path, int], list[str]]] = {
    "curl": _curl,
    "wget": _wget,
    "aria2c": _aria2c,
}


def prove() -> dict[str, Any]:
    """Interrupt each client three times in a zip of 100 MB."""
    for tool, package in {**dict.fromkeys(CLIENTS), "aria2c": "aria2", "chromium": None}.items():
        need_package(tool, package or tool)
    with tempfile.TemporaryDirectory(prefix="vitrine-clients-") as folder:
        place = Path(folder)
        fill(place / "library" / "many", _FILES, _FILE_BYTES)
        with staged(place / "home", place / "library") as stage:
            link = publish_folder(stage, "many")
            clients = {
                name: interrupt(stage, link, place, name, _INTERRUPTIONS) for name in CLIENTS
            }
            clients["chromium"] = cut_line(stage, link, place)
            proxy = watch_proxy(link, place)
    return {
        "proven": all(one["proven"] for one in clients.values()) and proxy["proven"],
        "clients": clients,
        "proxy": proxy,
    }


def interrupt(
    stage: Stage, link: str, place: Path, client: str, interruptions: int
) -> dict[str, Any]:
    """Let a client take the zip of the originals, interrupted so often, and compare the bytes."""
    url, whole = f"{link}bundle/original", place / "whole.zip"
    if not whole.exists():
        fetch(url, whole)
    target = place / client / "resumed.zip"
    target.parent.mkdir()
    interrupted, finished_early = 0, 0
    for _ in range(interruptions):
        rate = whole.stat().st_size // _SECONDS
        process = subprocess.Popen(CLIENTS[client](url, target, rate))
        time.sleep(_UNTIL_INTERRUPTED)
        interrupted += process.poll() is None
        # Not SIGINT, which whatever runs in the background of a shell never hears of.
        process.terminate()
        process.wait()
        finished_early += stage.read(_COUNT_FINISHED, {"agent": client})
    subprocess.run(CLIENTS[client](url, target, 0), check=True)
    finished = _wait_for_finish(stage, client)
    started = stage.read(_COUNT_STARTED, {"agent": client})
    is_same = _digest(whole) == _digest(target)
    is_told_once = (started, finished, finished_early) == (1, 1, 0)
    return {
        "proven": is_same and is_told_once and interrupted == interruptions,
        "interrupted": interrupted,
        "same_sha256": is_same,
        "started": started,
        "finished": finished,
        "finished_early": finished_early,
    }


def cut_line(stage: Stage, link: str, place: Path) -> dict[str, Any]:
    """Let Chromium take the zip over a line that breaks after each 40 percent of it."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only Chromium needs it

    whole, target, parts = place / "whole.zip", place / "chromium.zip", urlsplit(link)
    sandbox = [] if os.geteuid() else ["--no-sandbox"]
    with (
        running_relay(parts.port or 80, whole.stat().st_size * 2 // 5) as relay,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--disable-gpu", "--user-agent=chromium", *sandbox],
        )
        page = browser.new_page()
        page.goto(urljoin(relay.url, parts.path))
        with page.expect_download() as download:
            page.evaluate("location.href = 'bundle/original'")
        download.value.save_as(target)
        browser.close()
        cuts = relay.cuts
    finished = _wait_for_finish(stage, "chromium")
    started = stage.read(_COUNT_STARTED, {"agent": "chromium"})
    is_same = _digest(whole) == _digest(target)
    return {
        "proven": is_same and (started, finished) == (1, 1) and cuts > 1,
        "interrupted": cuts,
        "same_sha256": is_same,
        "started": started,
        "finished": finished,
    }


def watch_proxy(link: str, place: Path) -> dict[str, Any]:
    """Take the zip slowly through nginx, with our header heeded and ignored, and watch its disk."""
    heeded = _watch(link, place / "heeded", "")
    ignored = _watch(link, place / "ignored", "proxy_ignore_headers X-Accel-Buffering;")
    return {
        "proven": heeded["on_disk"] == 0 < ignored["on_disk"] and heeded["whole"],
        "samples": heeded["samples"],
        "on_disk": heeded["on_disk"],
        "on_disk_with_header_ignored": ignored["on_disk"],
    }


def _watch(link: str, place: Path, also: str) -> dict[str, Any]:
    place.mkdir()
    gateway, whole = urlsplit(link).port or 80, place.parent / "whole.zip"
    with running_proxy(place, gateway, also) as (url, process):
        target = place / "slow.zip"
        address = urljoin(url, f"{urlsplit(link).path}bundle/original")
        rate = whole.stat().st_size // _SECONDS
        # Another visitor than the one who is interrupted: theirs would be one download.
        client = subprocess.Popen([*_curl(address, target, rate), "-A", "through nginx"])
        seen = []
        while client.poll() is None:
            seen.append(_count_buffers(place / "p", process))
            time.sleep(0.1)
    is_whole = client.returncode == 0 and _digest(target) == _digest(whole)
    return {"samples": len(seen), "on_disk": max(seen, default=0), "whole": is_whole}


def _count_buffers(folder: Path, nginx: int) -> int:
    """Count what nginx keeps on disk: its files have no name as soon as they are open."""
    opened = 0
    for one in psutil.Process(nginx).children():
        for link in Path(f"/proc/{one.pid}/fd").iterdir():
            try:
                opened += link.readlink().is_relative_to(folder)
            except FileNotFoundError:
                continue
    return opened + len(list(folder.rglob("*")))


def _wait_for_finish(stage: Stage, agent: str) -> int:
    deadline = time.monotonic() + _ON_RECORD_WITHIN
    while time.monotonic() < deadline and not stage.read(_COUNT_FINISHED, {"agent": agent}):
        time.sleep(0.1)
    return int(stage.read(_COUNT_FINISHED, {"agent": agent}))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
