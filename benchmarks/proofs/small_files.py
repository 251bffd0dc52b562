"""10,000 small files of distinct content in one share: it works, in flat memory, and opens."""

import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx

from benchmarks.photographs import make_small_files
from benchmarks.stage import Stage, staged
from deployments.stack.memory import PeakMemory

_COUNT = 10_000
_MOST_CARDS = 300
_MOST_HTML_BYTES = 300_000


def prove() -> dict[str, Any]:
    """Share 10,000 files."""
    return share_many(_COUNT)


def share_many(count: int) -> dict[str, Any]:
    """Share `count` small files, look at every page, and unpack the bundle."""
    with tempfile.TemporaryDirectory(prefix="vitrine many ") as place:
        library = Path(place) / "library"
        make_small_files(library, count)
        with staged(Path(place) / "home", library) as stage:
            memory = PeakMemory(stage.home.mark)
            idle = memory.sample()
            began = time.monotonic()
            stage.publish({"owner": "owner", "title": "Many", "folder": "/", "request_key": "many"})
            link = stage.wait_for_share("many")["link"]
            seconds = time.monotonic() - began
            pages = _read_pages(link)
            entries, zip_bytes = _unpack(stage, link, Path(place) / "bundle.zip")
            memory.stop()
    cards = [page.count('<li class="card') for page in pages]
    largest = max(len(page.encode()) for page in pages)
    is_right = sum(cards) == count and entries == count + 1
    return {
        "proven": is_right and max(cards) <= _MOST_CARDS and largest <= _MOST_HTML_BYTES,
        "files": count,
        "seconds_to_link": round(seconds, 1),
        "pages": len(pages),
        "most_cards": max(cards),
        "cards": sum(cards),
        "largest_page_bytes": largest,
        "zip_entries": entries,
        "zip_bytes": zip_bytes,
        "idle_rss_mb": idle,
        "peak_rss_mb": memory.peak_mb,
    }


def _read_pages(link: str) -> list[str]:
    with httpx.Client(timeout=60) as browser:
        pages = [browser.get(link).raise_for_status().text]
        while True:
            answer = browser.get(urljoin(link, f"page/{len(pages) + 1}/"))
            if answer.status_code == httpx.codes.NOT_FOUND:
                return pages
            pages.append(answer.raise_for_status().text)


def _unpack(stage: Stage, link: str, target: Path) -> tuple[int, int]:
    with httpx.stream("GET", urljoin(link, "bundle/original"), timeout=60) as answer:
        answer.raise_for_status()
        with target.open("wb") as file:
            for block in answer.iter_bytes(1 << 20):
                file.write(block)
    assert stage.count("bundle") == 3
    with zipfile.ZipFile(target) as bundle:
        assert bundle.testzip() is None
        return len(bundle.namelist()), target.stat().st_size
