"""The demonstration: publish a folder through the deployment, as the DAM's backend would."""

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urljoin
from uuid import UUID

import httpx
from sqlalchemy import func, select

from deployments.stack.supervisor import Stack
from models.rendition import Rendition, RenditionRef
from services.dam.library import Library
from services.errors import VitrineError
from services.history import list_kinds
from services.installation import Installation, get_installation
from services.requests import MOST_IN_FOLDER

_DEPLOYMENT = "/deployments/name/publish-share/publish-share"
_ENDED = frozenset({"FAILED", "CRASHED", "CANCELLED"})
_WAIT_SECONDS = 3600.0
_OPEN_FOR = timedelta(days=30)
_THUMBNAIL = re.compile(r'src="([^"]+/thumbnail)"')


class DemonstrationFailed(VitrineError):
    """The demonstration did not come to its end."""


@dataclass
class Published:
    """A share that is open, with what a script wants to know of it."""

    share_id: str
    link: str
    run_id: str
    assets: int
    seconds_to_link: float


def publish(stack: Stack, library: Library, *, folder: str) -> Published:
    """Publish a folder, and return when a stranger can open its page and see its pictures."""
    api = httpx.Client(base_url=stack.environment["PREFECT_API_URL"], timeout=30)
    key = f"demo-{time.time_ns()}"
    deployment = api.get(_DEPLOYMENT).raise_for_status().json()["id"]
    request = _make_request(stack, library, folder, key)
    began = time.monotonic()
    run = _post(
        api,
        f"/deployments/{deployment}/create_flow_run",
        {"parameters": {"request": request}, "idempotency_key": key},
    )
    share = _wait_for_share(stack, api, run["id"], key)
    _look(share["link"])
    seconds = round(time.monotonic() - began, 1)
    return Published(share["share"], share["link"], run["id"], share["assets"], seconds)


def read_facts(share_id: str) -> dict[str, Any]:
    """Read from the database how many renditions a share has, and its history in order."""
    installation: Installation = get_installation()
    with installation.transaction() as session:
        count = session.scalar(
            # What is needed under two names is one, and what is wrapped is not made again.
            select(func.count(func.distinct(RenditionRef.key)))
            .select_from(RenditionRef)
            .join(Rendition, Rendition.key == RenditionRef.key)
            .where(
                RenditionRef.share_id == UUID(share_id),
                Rendition.state == "present",
                Rendition.wraps == "",
            )
        )
        return {"renditions": count or 0, "history": list_kinds(session, UUID(share_id))}


def ask_desk(stack: Stack, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
    """Ask the desk, with its key."""
    return httpx.request(
        "POST" if body else "GET",
        f"{stack.addresses.desk_url}{path}",
        json=body,
        headers={"Authorization": f"Bearer {stack.keys['VITRINE_DESK_KEY']}"},
        timeout=30,
    )


def _make_request(stack: Stack, library: Library, folder: str, key: str) -> dict[str, Any]:
    owner = next(iter(library.users()))
    request: dict[str, Any] = {
        "owner": owner.id,
        "title": folder.strip("/").rpartition("/")[2]
        or library.root.name.replace("-", " ").title(),
        "folder": folder or "/",
        "message": "Everything here is free to publish until the date above."
        " Take single files, or all of them at once.",
        "expires_on": (datetime.now(UTC) + _OPEN_FOR).date().isoformat(),
        "request_key": key,
    }
    lists = library.description.contacts
    if lists:
        return {**request, "contact_lists": [next(iter(lists))]}
    people = {"recipients": [{"address": "guest@demo.example", "name": "Guest"}]}
    answer = ask_desk(stack, "/invitations", people).raise_for_status()
    return {**request, "invitation": answer.json()["invitation"]}


def _wait_for_share(stack: Stack, api: httpx.Client, run_id: str, key: str) -> dict[str, Any]:
    deadline = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < deadline and not stack.is_stopping.is_set():
        answer = ask_desk(stack, f"/shares/{key}")
        if answer.status_code == httpx.codes.OK and answer.json()["link"]:
            share: dict[str, Any] = answer.json()
            return share
        state = api.get(f"/flow_runs/{run_id}").raise_for_status().json()["state"]
        if state["type"] in _ENDED:
            raise DemonstrationFailed(f"the flow run ended as {state['name']}: {state['message']}")
        time.sleep(0.1)
    raise DemonstrationFailed("the share was not open in time")


def _look(link: str) -> None:
    """Open the page and every thumbnail on it, as a browser would."""
    with httpx.Client(timeout=60) as browser:
        page = browser.get(link).raise_for_status()
        for source in find_thumbnails(page.text):
            browser.get(urljoin(link, source)).raise_for_status()


def find_thumbnails(html: str) -> list[str]:
    """Find the addresses of the pictures on a page, relative to it."""
    return _THUMBNAIL.findall(html)


def _post(api: httpx.Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Send a request that may be sent again: Prefect answers 503 when it is busy."""
    for attempt in range(5):
        answer = api.post(path, json=body)
        if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            break
        time.sleep(2**attempt / 4)
    if answer.is_error:
        raise DemonstrationFailed(f"Prefect refused the run: {answer.text}")
    content: dict[str, Any] = answer.json()
    return content


def count_folder(library: Library, folder: str) -> int:
    """Count the assets of a folder, so that a hopeless request is not even sent."""
    count = len(library.folder(folder or "/").assets)
    if not 1 <= count <= MOST_IN_FOLDER:
        raise DemonstrationFailed(f"the folder holds {count:,} assets; 1 to 10,000 can be shared")
    return count
