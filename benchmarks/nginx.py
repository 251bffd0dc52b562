"""nginx beside us: as the peer that serves files, and as the server in front of the gateway."""

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from benchmarks.tools import need_package
from deployments.stack.ports import find_port

_RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
_REQUESTS = re.compile(r"(\d+) requests in")
_CONFIG = """
{user} worker_processes 1; daemon off; pid {place}/nginx.pid; error_log stderr crit;
events {{ worker_connections 1024; }}
http {{
  access_log off; types {{ text/html html; image/webp webp; }}
  client_body_temp_path {place}/b; proxy_temp_path {place}/p; fastcgi_temp_path {place}/f;
  uwsgi_temp_path {place}/u; scgi_temp_path {place}/s;
  upstream gateway {{ server 127.0.0.1:{gateway}; keepalive 64; }}
  server {{
    listen 127.0.0.1:{port}; root {place}/www;
    location /s/ {{ proxy_pass http://gateway; proxy_http_version 1.1; proxy_set_header Connection ""; }}
    location /store/renditions/ {{ internal; etag off; alias "{store}/renditions/"; }}
  }}
}}
"""
_PROXY = """
{user} worker_processes 1; daemon off; pid {place}/nginx.pid; error_log stderr crit;
events {{ worker_connections 1024; }}
http {{
  access_log off; proxy_temp_path {place}/p 1 2; client_body_temp_path {place}/b;
  fastcgi_temp_path {place}/f; uwsgi_temp_path {place}/u; scgi_temp_path {place}/s;
  server {{
    listen 127.0.0.1:{port};
    location / {{ {also} proxy_pass http://127.0.0.1:{gateway}; }}
  }}
}}
"""


@contextmanager
def running_nginx(
    place: Path, files: dict[str, bytes], *, gateway: int = 9, store: Path = Path("/")
) -> Iterator[str]:
    """Serve files from disk, and pass /s/ on to a gateway; gives nginx's address."""
    need_package("nginx", "nginx-light")
    (place / "www").mkdir()
    for name, content in files.items():
        (place / "www" / name).write_bytes(content)
    ready = f"/{next(iter(files))}"
    with _running(_CONFIG, place, ready, gateway=gateway, store=store) as (url, _):
        yield url


@contextmanager
def running_proxy(place: Path, gateway: int, also: str = "") -> Iterator[tuple[str, int]]:
    """Run nginx in front of a gateway as it is without a word of configuration but `also`.

    Gives its address and the id of its process; what it buffers on disk lies in `place / "p"`.
    """
    need_package("nginx", "nginx-light")
    with _running(_PROXY, place, "/healthz", gateway=gateway, also=also) as found:
        yield found


@contextmanager
def _running(text: str, place: Path, ready: str, **values: object) -> Iterator[tuple[str, int]]:
    port = find_port(18080)
    config = place / "nginx.conf"
    # Started by root, nginx would give itself up to a user who cannot read this folder.
    user = "user root;" if os.geteuid() == 0 else ""
    config.write_text(text.format(user=user, place=place, port=port, **values))
    process = subprocess.Popen(["nginx", "-p", str(place), "-c", str(config)])
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(f"{url}{ready}")
        yield url, process.pid
    finally:
        process.terminate()
        process.wait()


def load(url: str, *, connections: int, seconds: int, script: Path | None = None) -> float:
    """Keep connections busy for some seconds, and say how many requests a second were answered."""
    return _load(url, connections, seconds, script)[0]


def count_load(url: str, *, connections: int, seconds: int, script: Path) -> tuple[float, int]:
    """As `load`, and say how many were answered in all."""
    return _load(url, connections, seconds, script)


def _load(url: str, connections: int, seconds: int, script: Path | None) -> tuple[float, int]:
    need_package("wrk", "wrk")
    how = ["-s", str(script)] if script else []
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", *how, url]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "Non-2xx" not in said, said
    rate, count = _RATE.search(said), _REQUESTS.search(said)
    assert rate, said
    assert count, said
    return float(rate[1]), int(count[1])


def _wait(url: str) -> None:
    for _ in range(100):
        try:
            httpx.get(url).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(url)
