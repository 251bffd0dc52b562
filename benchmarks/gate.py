"""The share's page through the gate, against nginx serving the same bytes from disk on the same cores.

The peer decides nothing: it shows what asking a gate for every request costs. wrk keeps 32
connections busy for some seconds, in turn; nginx has one worker, as the gateway has.
"""

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from benchmarks.photographs import SAMPLES
from benchmarks.result import Result, interleave
from benchmarks.stage import staged
from benchmarks.tools import need_package
from deployments.stack.ports import find_port

_ROUNDS = 3
_SECONDS = 4
_CONNECTIONS = 32
_RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
_CONFIG = """
{user} worker_processes 1; daemon off; pid {place}/nginx.pid; error_log stderr crit;
events {{ worker_connections 1024; }}
http {{
  access_log off; types {{ text/html html; }}
  client_body_temp_path {place}/b; proxy_temp_path {place}/p; fastcgi_temp_path {place}/f;
  uwsgi_temp_path {place}/u; scgi_temp_path {place}/s;
  server {{ listen 127.0.0.1:{port}; root {place}/www; }}
}}
"""


def measure() -> list[Result]:
    """Ask for one page again and again, through the gate and from nginx."""
    need_package("nginx", "nginx-light")
    need_package("wrk", "wrk")
    with (
        tempfile.TemporaryDirectory(prefix="vitrine-gate-") as place,
        staged(Path(place) / "home", SAMPLES) as stage,
    ):
        stage.publish({"owner": "anna", "title": "Autumn", "folder": "/", "request_key": "gate"})
        link = stage.wait_for_share("gate")["link"]
        page = httpx.get(link).raise_for_status().content
        with _serving(Path(place), page) as peer:
            ours, theirs = interleave(lambda: _load(link), lambda: _load(peer), rounds=_ROUNDS)
    what = f"the page of 36 assets, {len(page):,} bytes, {_CONNECTIONS} connections"
    peer_name = "nginx, one worker, the same page from disk"
    return [Result("gate_page", what, "requests/s", "higher", ours, 0.15, peer_name, theirs)]


def _load(url: str) -> float:
    command = ["wrk", "-t1", f"-c{_CONNECTIONS}", f"-d{_SECONDS}s", url]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "Non-2xx" not in said, said
    found = _RATE.search(said)
    assert found, said
    return float(found[1])


@contextmanager
def _serving(place: Path, page: bytes) -> Iterator[str]:
    (place / "www").mkdir()
    (place / "www" / "index.html").write_bytes(page)
    port = find_port(18080)
    config = place / "nginx.conf"
    # Started by root, nginx would give itself up to a user who cannot read this folder.
    user = "user root;" if os.geteuid() == 0 else ""
    config.write_text(_CONFIG.format(user=user, place=place, port=port))
    process = subprocess.Popen(["nginx", "-p", str(place), "-c", str(config)])
    url = f"http://127.0.0.1:{port}/index.html"
    try:
        _wait(url)
        yield url
    finally:
        process.terminate()
        process.wait()


def _wait(url: str) -> None:
    for _ in range(100):
        try:
            httpx.get(url).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(url)
