"""kill -9 of client and gateway in the middle of one download, resumed to the same bytes.

curl downloads one zip and is killed, or the gateway is; the next curl goes on where the file ends
(`-C -`). In the end the file has the SHA-256 of the zip taken in one go, and says that it is whole.
"""

import hashlib
import os
import random
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from benchmarks.proofs.gateway_kills import running_gateway
from benchmarks.stage import Stage, staged
from benchmarks.zips import fill, publish_folder
from services.bundles.signature import read_keys
from services.bundles.verification import verify_bundle

_KILLS = 50
_FILES = 400
_FILE_BYTES = 1_000_000


def prove() -> dict[str, Any]:
    """Kill fifty times in one download of 400 MB."""
    return kill_in_one_download(kills=_KILLS, files=_FILES, file_bytes=_FILE_BYTES)


def kill_in_one_download(*, kills: int, files: int, file_bytes: int) -> dict[str, Any]:
    """Kill so often, every other time the gateway, while one zip of so many files comes."""
    with tempfile.TemporaryDirectory(prefix="vitrine-bundle-kills-") as folder:
        place = Path(folder)
        fill(place / "library" / "many", files, file_bytes)
        with staged(place / "home", place / "library") as stage:
            return kill_in_a_download(stage, publish_folder(stage, "many"), place, kills)


def kill_in_a_download(stage: Stage, link: str, place: Path, kills: int) -> dict[str, Any]:
    """Kill so often while the zip of a share comes, and compare what came with it."""
    whole, resumed = place / "whole.zip", place / "resumed.zip"
    subprocess.run(["curl", "-sSf", "-o", str(whole), f"{link}bundle/original"], check=True)
    size = whole.stat().st_size
    path = urlsplit(link).path
    killed = {"client": 0, "gateway": 0}
    chance = random.Random(11)  # noqa: S311 - a proof repeats itself
    while sum(killed.values()) < kills:
        with running_gateway(stage) as (gateway, url):
            for victim in ("client", "gateway"):
                had = resumed.stat().st_size if resumed.exists() else 0
                # So that no part is the last one, and every kill hits a running transfer.
                rate = max(1, (size - had) // 2)
                client = _start(urljoin(url, f"{path}bundle/original"), resumed, rate)
                time.sleep(chance.uniform(0.05, 0.25))
                if victim == "client":
                    client.kill()
                else:
                    os.killpg(gateway.pid, signal.SIGKILL)
                client.wait()
                killed[victim] += 1
    _start(f"{link}bundle/original", resumed, 10 * size).wait()
    keys = read_keys(httpx.get(urljoin(link, "/keys.json")).content)
    is_same = _digest(whole) == _digest(resumed)
    is_complete = verify_bundle(resumed, keys).is_complete()
    return {
        "proven": is_same and is_complete,
        "kills": killed,
        "bytes": size,
        "same_sha256": is_same,
        "verified": is_complete,
        "aborted_on_record": stage.count("history_event", kind="download:aborted"),
    }


def _start(url: str, target: Path, rate: int) -> "subprocess.Popen[bytes]":
    command = ["curl", "-s", "-A", "one client", "-C", "-", "--limit-rate", str(rate)]
    return subprocess.Popen([*command, "-o", str(target), url])


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
