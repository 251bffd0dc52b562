"""A format made to order: from the form of the asset's page to the whole file, on an idle stack.

Each time another size of a photograph of 12 to 24 megapixels; the file is asked for until it is
there, as a page that refreshes itself does, but more often.
"""

import statistics
import tempfile
import time
from pathlib import Path

import httpx

from benchmarks.photographs import make_photographs
from benchmarks.publish import publish
from benchmarks.result import Result
from benchmarks.stage import Stage, staged
from services.format_wishes import CustomFormat

_PHOTOGRAPHS = 5
#: A share has at most twelve formats that were made to order.
_SHARES, _EACH = 2, 10
_PAUSE_SECONDS = 0.5
_ASK_SECONDS = 0.02
_MOST_SECONDS = 60.0


def measure() -> list[Result]:
    """Ask for twenty formats, one after the other."""
    with tempfile.TemporaryDirectory(prefix="vitrine formats ") as place:
        library = Path(place) / "library"
        make_photographs(library, _PHOTOGRAPHS)
        with staged(Path(place) / "home", library) as stage:
            links = [_share(stage, f"formats-{number}") for number in range(_SHARES)]
            seconds = [
                _ask(stage, link, 700 + 31 * (number * _EACH + each), each % _PHOTOGRAPHS + 1)
                for number, link in enumerate(links)
                for each in range(_EACH)
            ]
    median, p95 = statistics.median(seconds), sorted(seconds)[round(0.95 * len(seconds)) - 1]
    what = f"{len(seconds)} formats made to order of photographs, from the form to the whole file"
    return [
        Result("add_format", f"{what}: the median", "s", "lower", round(median, 3), 2),
        Result("add_format_p95", f"{what}: 95 of 100", "s", "lower", round(p95, 3), 2),
    ]


def ask_for(browser: httpx.Client, link: str, position: int, wish: CustomFormat) -> None:
    """Send the form of an asset's page."""
    fields = {name: str(value) for name, value in wish.model_dump().items()}
    answer = browser.post(f"{link}a/{position}/formats/", data=fields)
    assert answer.status_code == httpx.codes.SEE_OTHER, answer.text


def wait_for_file(browser: httpx.Client, link: str, position: int, wish: CustomFormat) -> bytes:
    """Ask for the file until it is there, and return all of it."""
    deadline = time.monotonic() + _MOST_SECONDS
    url = f"{link}d/{position}/{wish.to_format().name}"
    while (answer := browser.get(url)).status_code != httpx.codes.OK:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{answer.status_code} for {wish.to_format().label}")
        time.sleep(_ASK_SECONDS)
    return answer.content


def open_browser(stage: Stage) -> httpx.Client:
    """Open a client that sends forms as a browser on our page does."""
    return httpx.Client(headers={"Origin": stage.state["public_url"]}, timeout=60)


def _share(stage: Stage, key: str) -> str:
    publish(stage, "/", key)
    return str(stage.wait_for_share(key)["link"])


def _ask(stage: Stage, link: str, edge: int, position: int) -> float:
    time.sleep(_PAUSE_SECONDS)
    wish = CustomFormat(width=edge, height=edge)
    with open_browser(stage) as browser:
        browser.get(f"{link}a/{position}/formats/").raise_for_status()
        began = time.perf_counter()
        ask_for(browser, link, position, wish)
        wait_for_file(browser, link, position, wish)
        return time.perf_counter() - began
