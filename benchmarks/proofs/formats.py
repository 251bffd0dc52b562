"""The same wish at the same moment: three recipients of two shares, and the picture is rendered once.

How often it is rendered is seen by strace, which is attached to the standby and follows its
renderers: each rendering opens the original once. The rows of the database must agree.
"""

import json
import os
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select

from benchmarks.add_format import ask_for, open_browser, wait_for_file
from benchmarks.photographs import make_photographs
from benchmarks.publish import publish
from benchmarks.stage import Stage, staged
from benchmarks.tracing import count_opened, traced
from models.grant import Grant
from services.format_wishes import CustomFormat
from services.links import show_link

#: Each round is another format, and a share has at most twelve.
_ROUNDS = int(os.environ.get("COUNT", "12"))
_HEIGHT = 900
_DONE_WITHIN = 30.0
_RECIPIENTS = ("maria@paper.example", "jide@paper.example")


def prove() -> dict[str, Any]:
    """Ask for formats, each three times at once."""
    with tempfile.TemporaryDirectory(prefix="vitrine same ") as place:
        library = Path(place) / "library"
        make_photographs(library, 1)
        with staged(Path(place) / "home", library) as stage:
            links = _share_twice(stage)
            with traced(stage.find("deployments.standby"), Path(place) / "trace"):
                alike = [_ask_together(stage, links, number) for number in range(_ROUNDS)]
            return _judge(stage, links, alike, count_opened(Path(place) / "trace", library).total())


def _share_twice(stage: Stage) -> list[str]:
    """Share one photograph with two recipients by letter, and again with whoever has the link."""
    headers = {"Authorization": f"Bearer {stage.home.read_keys()['VITRINE_DESK_KEY']}"}
    people = [{"address": address} for address in _RECIPIENTS]
    answer = httpx.post(
        f"{stage.state['desk_url']}/invitations", headers=headers, json={"recipients": people}
    )
    invitation = answer.raise_for_status().json()["invitation"]
    publish(stage, "/", "first", invitation=invitation)
    publish(stage, "/", "second")
    with stage.installation.transaction() as session:
        invited = session.scalars(select(Grant).where(Grant.recipient != "")).all()
        seals, url = stage.installation.seals, str(stage.state["public_url"])
        links = [show_link(seals, grant, url) for grant in invited]
    assert len(links) == len(_RECIPIENTS)
    return [*links, str(stage.wait_for_share("second")["link"])]


def _wish(number: int) -> CustomFormat:
    return CustomFormat(width=900 + number, height=_HEIGHT, fit="cover", encoder="webp")


def _ask_together(stage: Stage, links: list[str], number: int) -> bool:
    """Let all ask at the same moment, and say whether all were given the same file."""
    wish = _wish(number)
    together = threading.Barrier(len(links))

    def ask(link: str) -> bytes:
        with open_browser(stage) as browser:
            browser.get(link).raise_for_status()
            together.wait()
            ask_for(browser, link, 1, wish)
            return wait_for_file(browser, link, 1, wish)

    with ThreadPoolExecutor(len(links)) as recipients:
        files = list(recipients.map(ask, links))
    return len(set(files)) == 1


def _judge(stage: Stage, links: list[str], alike: list[bool], rendered: int) -> dict[str, Any]:
    rows = stage.read(
        "SELECT count(*) FROM rendition WHERE state = 'present' AND wraps = ''"
        " AND recipe @> %(recipe)s::jsonb",
        {"recipe": json.dumps({"encoder": "webp", "fit": "cover", "height": _HEIGHT})},
    )
    # A file is there a moment before its wish counts as done.
    deadline = time.monotonic() + _DONE_WITHIN
    while (wishes := stage.count("format_request", state="done")) < 2 * _ROUNDS:
        if time.monotonic() > deadline:
            break
        time.sleep(0.1)
    return {
        "proven": all(alike) and rendered == rows == _ROUNDS and wishes == 2 * _ROUNDS,
        "formats": _ROUNDS,
        "asked": _ROUNDS * len(links),
        "served_alike": sum(alike) * len(links),
        "wishes": wishes,
        "renditions": rows,
        "times_rendered": rendered,
    }
