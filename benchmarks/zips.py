"""A stage with two shares of a gigabyte each, their zips on nginx, and zipstream-ng beside."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from benchmarks.nginx import running_nginx
from benchmarks.stage import ROOT, Stage, staged
from deployments.stack.ports import find_port

_LARGE_BYTES = 100_000_000
_SMALL_BYTES = 100_000
_GIGABYTE = 1_000_000_000


@dataclass(frozen=True)
class Zip:
    """One zip at three addresses: ours, nginx's, and zipstream-ng's."""

    name: str
    files: int
    size_bytes: int
    ours: str
    nginx: str
    zipstream: str


@dataclass(frozen=True)
class Arena:
    """Everything that takes part."""

    stage: Stage
    large: Zip
    small: Zip
    zipstream: psutil.Process

    def gateways(self) -> list[psutil.Process]:
        """Find the processes of the gateway."""
        return self.stage.find("granian", "gateway.app")


@contextmanager
def arena(*, with_files: bool = True) -> Iterator[Arena]:
    """Make the shares and start the peers, for as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="vitrine-zips-") as folder:
        place = Path(folder)
        library = place / "library"
        fill(library / "large", 10 if with_files else 1, _LARGE_BYTES if with_files else 1000)
        fill(library / "small", 10_000, _SMALL_BYTES if with_files else 100)
        with (
            staged(place / "home", library) as stage,
            _zipstream(library) as (url, process),
        ):
            links = {name: publish_folder(stage, name) for name in ("large", "small")}
            zips = {name: place / f"{name}.zip" for name in links}
            for name, link in links.items():
                fetch(f"{link}bundle/original", zips[name])
            with running_nginx(place, {"ready.html": b"ready"}) as nginx:
                for name, path in zips.items():
                    path.rename(place / "www" / f"{name}.zip")
                made = {
                    name: Zip(
                        name,
                        len(list((library / name).iterdir())),
                        (place / "www" / f"{name}.zip").stat().st_size,
                        f"{link}bundle/original",
                        f"{nginx}/{name}.zip",
                        f"{url}/{name}",
                    )
                    for name, link in links.items()
                }
                yield Arena(stage, made["large"], made["small"], process)


def fill(folder: Path, count: int, size_bytes: int) -> None:
    """Fill a folder with files of no kind, all different."""
    folder.mkdir(parents=True)
    noise = os.urandom(size_bytes)
    for number in range(count):
        (folder / f"file {number:05}.bin").write_bytes(noise[number % 7 + 8 :] + os.urandom(8))


def fetch(url: str, target: Path = Path("/dev/null")) -> float:
    """Download with curl as another visitor each time, and say how many seconds it took."""
    agent = f"visitor {time.monotonic_ns()}"
    command = ["curl", "-sSf", "-A", agent, "-o", str(target), "-w", "%{time_total}", url]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def measure_rate(one: Zip, url: str) -> float:
    """Download a zip, and say how many gigabytes a second came."""
    return one.size_bytes / _GIGABYTE / fetch(url)


def count_seconds(processes: list[psutil.Process]) -> float:
    """Say how many processor seconds some processes have used."""
    return sum(sum(one.cpu_times()[:2]) for one in processes)


def publish_folder(stage: Stage, name: str) -> str:
    """Publish the originals of a folder, and return the link to them."""
    request = {"owner": "owner", "title": name, "folder": name, "request_key": name}
    run = stage.publish(request | {"formats": ["original"]})
    assert stage.wait_for_run(run) == "COMPLETED", stage.find_run(run)["state"]["message"]
    return str(stage.wait_for_share(name)["link"])


@contextmanager
def _zipstream(library: Path) -> Iterator[tuple[str, psutil.Process]]:
    port = find_port(28400)
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--port", str(port)]
    command += ["--no-ws", "--log-level", "error", "--loop", "uvloop"]
    started = psutil.Popen(
        [*command, "benchmarks.peers.zipstream_server:app"],
        cwd=ROOT,
        env={**os.environ, "ZIPPED": str(library)},
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            time.sleep(0.05)
            try:
                httpx.get(url)
            except httpx.HTTPError:
                continue
            break
        yield url, started.children()[0]
    finally:
        for one in [*started.children(recursive=True), started]:
            one.kill()
        started.wait()
