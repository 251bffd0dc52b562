"""Nothing phones home: every network call of the stack and of a browser that looks at it."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.photographs import SAMPLES
from benchmarks.stage import ROOT, staged

_ADDRESS = re.compile(r'inet_addr\("([\d.]+)"\)|inet_pton\(AF_INET6, "([^"]+)"')
_LOCAL = ("127.", "::1", "0.0.0.0", "::")  # noqa: S104 - an address in a trace, not one to bind
_HOST = re.compile(r'"(?:host|url)":\s*"(?:[a-z]+://)?([^"/:]+)')


def prove() -> dict[str, Any]:
    """Trace a whole demonstration, then a browser on the page, the desk and Prefect's UI."""
    for tool in ("strace", "chromium"):
        assert shutil.which(tool), f"{tool} is not installed"
    with tempfile.TemporaryDirectory(prefix="vitrine telemetry ") as place:
        calls, outside = _trace_demonstration(Path(place))
        hosts = _log_browser(Path(place))
        # What Chromium asks for by itself, shown an empty page.
        own = _visit("about:blank", Path(place) / "own.json", Path(place))
    hosts -= own
    strangers = sorted(host for host in hosts if not host.startswith("127."))
    return {
        "proven": not outside and not strangers and calls > 0 and bool(hosts),
        "calls_to_addresses": calls,
        "addresses_outside": sorted(outside),
        "hosts_of_our_pages": sorted(hosts),
        "hosts_of_chromium_itself": sorted(own),
    }


def _trace_demonstration(place: Path) -> tuple[int, set[str]]:
    command = ["strace", "-f", "-qq", "-e", "trace=network", "-o", str(place / "trace")]
    command += [sys.executable, "-m", "deployments.commands.main", "demo", "--once"]
    environment = {**os.environ, "VITRINE_HOME": str(place / "home")}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    found = [a or b for a, b in _ADDRESS.findall((place / "trace").read_text(errors="replace"))]
    return len(found), {one for one in found if not one.startswith(_LOCAL)}


def _log_browser(place: Path) -> set[str]:
    with staged(place / "home of the browser", SAMPLES) as stage:
        stage.publish({"owner": "anna", "title": "Autumn", "folder": "/", "request_key": "net"})
        link = stage.wait_for_share("net")["link"]
        urls = (link, stage.state["desk_url"] + "/healthz", stage.state["prefect_url"])
        return {host for url in urls for host in _visit(url, place / "net.json", place)}


def _visit(url: str, log: Path, place: Path) -> set[str]:
    """Look at a page, and return every host that stands in the browser's net log."""
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    quiet += ["--no-first-run", "--disable-gpu", "--disable-quic", "--disable-default-apps"]
    command = ["chromium", "--headless=new", *quiet, f"--log-net-log={log}"]
    command += [f"--user-data-dir={place / 'profile'}", "--virtual-time-budget=8000"]
    if os.geteuid() == 0:
        command.append("--no-sandbox")
    command += ["--dump-dom", url]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return set(_HOST.findall(log.read_text(errors="replace")))
