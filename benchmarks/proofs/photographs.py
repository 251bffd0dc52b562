"""200 photographs of 12 to 24 megapixels from the request to a link that works, twice."""

import os
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx

from benchmarks.photographs import SAMPLES, make_photographs
from benchmarks.stage import Stage, staged
from deployments.demo import find_thumbnails
from deployments.stack.memory import PeakMemory

_COUNT = 200


def prove() -> dict[str, Any]:
    """Publish them; `SOURCES` names a folder of real photographs to make them from."""
    sources = Path(os.environ.get("SOURCES", SAMPLES))
    with tempfile.TemporaryDirectory(prefix="vitrine photographs ") as place:
        library = Path(os.environ.get("PHOTOGRAPHS", Path(place) / "library"))
        make_photographs(library, _COUNT, sources=sources)
        with staged(Path(place) / "home", library) as stage:
            memory = PeakMemory(stage.home.mark)
            first = time_publication(stage, "first")
            second = time_publication(stage, "second")
            renditions = stage.count("rendition", state="present", wraps="")
            memory.stop()
    return {
        "proven": first < 75 and second < 5,
        "photographs": _COUNT,
        "seconds_to_link": round(first, 1),
        "seconds_to_link_again": round(second, 1),
        "renditions": renditions,
        "renditions_per_second": round(renditions / first, 1),
        "peak_rss_mb": memory.peak_mb,
    }


def time_publication(stage: Stage, key: str, folder: str = "/") -> float:
    """Publish a folder, and return the seconds from the request to the page with its pictures."""
    began = time.monotonic()
    stage.publish({"owner": "owner", "title": key, "folder": folder, "request_key": key})
    link = stage.wait_for_share(key)["link"]
    with httpx.Client(timeout=60) as browser:
        page = browser.get(link).raise_for_status()
        for source in find_thumbnails(page.text):
            browser.get(urljoin(link, source)).raise_for_status()
    return time.monotonic() - began
