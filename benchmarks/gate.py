"""What asking the gate costs: pages, downloads with a durable event, and pictures through nginx.

The peer is nginx serving the same bytes from disk on the same cores, in turn; it decides nothing
and writes nothing down. wrk keeps the connections busy; nginx and the gateway have one worker each.
"""

import re
import shutil
import tempfile
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx

from benchmarks.nginx import count_load, load, running_nginx
from benchmarks.photographs import SAMPLES
from benchmarks.result import Result, interleave
from benchmarks.stage import Stage, staged

_ROUNDS = 3
_SECONDS = 4
_CONNECTIONS = 32
_THUMBNAIL = re.compile(r"i/\d+/\d+/thumbnail")
_FACTS = b"Facts. " * 4400
#: Each request is another visitor's, so that each download is one of its own and has its own event.
_OTHER_VISITORS = """
local number, run = 0, os.time()
request = function()
  number = number + 1
  wrk.headers["User-Agent"] = "visitor " .. run .. " " .. number
  return wrk.format()
end
"""


def measure() -> list[Result]:
    """Ask for one thing again and again, through the gate and from nginx."""
    with tempfile.TemporaryDirectory(prefix="vitrine-gate-") as folder:
        place = Path(folder)
        library = place / "library"
        shutil.copytree(SAMPLES, library)
        (library / "House" / "Facts.txt").write_bytes(_FACTS)
        settings = {"VITRINE_OFFLOAD_INLINE": "x-accel"}
        with staged(place / "home", library, **settings) as stage:
            return _measure(stage, place)


def _measure(stage: Stage, place: Path) -> list[Result]:
    link = _publish(stage)
    page = httpx.get(link).raise_for_status().content
    thumbnail, key = _find_thumbnail(link, page.decode())
    picture = stage.installation.store.get(key)
    gateway = urlsplit(link).port or 0
    files = {"page.html": page, "facts.txt": _FACTS, "thumbnail.webp": picture}
    folder = stage.home.path / "store"
    with running_nginx(place, files, gateway=gateway, store=folder) as nginx:
        return [
            _measure_page(link, nginx, len(page)),
            _measure_downloads(stage, link, nginx, place),
            _measure_inline(thumbnail, nginx, len(picture)),
        ]


def _measure_page(link: str, nginx: str, size_bytes: int) -> Result:
    what = f"the page of the sample library, {size_bytes:,} bytes, {_CONNECTIONS} connections"
    peer = "nginx, one worker, the same page from disk"
    return _compare("gate_page", what, link, 0.15, peer, f"{nginx}/page.html")


def _measure_downloads(stage: Stage, link: str, nginx: str, place: Path) -> Result:
    script = place / "visitors.lua"
    script.write_text(_OTHER_VISITORS)
    url = urljoin(link, f"d/{_find_position(stage)}/original")
    answered = 0

    def take() -> float:
        nonlocal answered
        rate, count = count_load(url, connections=64, seconds=_SECONDS, script=script)
        answered += count
        return rate

    ours, theirs = interleave(
        take,
        lambda: load(f"{nginx}/facts.txt", connections=64, seconds=_SECONDS),
        rounds=_ROUNDS,
    )
    kept = stage.count("history_event", kind="download:started")
    assert kept >= answered, f"{answered} downloads, {kept} events"
    what = f"downloads of {len(_FACTS):,} bytes; {answered:,} answered, {kept:,} events, none lost"
    peer = "nginx, one worker, the same file from disk"
    return Result("gate_download", what, "requests/s", "higher", ours, 0.06, peer, theirs)


def _measure_inline(thumbnail: str, nginx: str, size_bytes: int) -> Result:
    through = nginx + urlsplit(thumbnail).path
    answer = httpx.get(through).raise_for_status()
    assert len(answer.content) == size_bytes, "nginx does not send the picture"
    what = f"a thumbnail of {size_bytes:,} bytes, nginx in front with X-Accel"
    peer = "nginx, one worker, the same thumbnail from disk"
    return _compare("gate_inline", what, through, 0.12, peer, f"{nginx}/thumbnail.webp")


def _compare(name: str, what: str, url: str, target: float, peer: str, peer_url: str) -> Result:
    ours, theirs = interleave(
        lambda: load(url, connections=_CONNECTIONS, seconds=_SECONDS),
        lambda: load(peer_url, connections=_CONNECTIONS, seconds=_SECONDS),
        rounds=_ROUNDS,
    )
    return Result(name, what, "requests/s", "higher", ours, target, peer, theirs)


def _publish(stage: Stage) -> str:
    stage.publish({"owner": "anna", "title": "Autumn", "folder": "/", "request_key": "gate"})
    return str(stage.wait_for_share("gate")["link"])


def _find_position(stage: Stage) -> int:
    return int(stage.read("SELECT position FROM shared_asset WHERE file_name = 'Facts.txt'"))


def _find_thumbnail(link: str, page: str) -> tuple[str, str]:
    """Give the address of the page's first thumbnail, and its key in the store."""
    found = _THUMBNAIL.search(page)
    assert found, "the page shows no thumbnail"
    thumbnail = urljoin(link, found.group())
    answer = httpx.get(thumbnail).raise_for_status()
    return thumbnail, answer.headers["x-accel-redirect"].removeprefix("/store/")
