"""Take flows through an outage while somebody looks and downloads, and see that nothing is half or lost.

Who holds the work in its middle and what goes away: `rehearsal.py`. SECONDS says for how long.
"""

import asyncio
import hashlib
import io
import os
import re
import tempfile
import time
import zipfile
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select
from starlette.testclient import TestClient

from gateway.app import create_app
from models import Bundle, HistoryEvent, Rendition, Share
from models.kinds import Actor, RenditionState, ShareState
from models.rendition import rendition_store_key
from services.changes import revoke_share
from services.clock import read_clock
from services.errors import OriginalChanged
from services.format_requests import Asker, request_format
from services.format_wishes import CustomFormat, FormatWish
from services.letters import send_waiting_letters
from services.rebuilding import list_outdated, refresh
from services.staleness import mark_stale
from tests.outages.rehearsal import Rehearsal
from tests.photographs import write_photograph
from tests.publishing import a_request, link_of, publish, share_of
from tests.services.test_letters import invite

SECONDS = float(os.environ.get("SECONDS", "1.5"))
_FIRST, _SECOND = (CustomFormat(width=50, height=n, encoder="webp") for n in (50, 60))
WISH = FormatWish(share="added", asset_id="Campaign/ridge 1.jpg", custom=_FIRST)
GARBAGE = "0f" * 32
WITHDRAWN = "Campaign/ridge 2.jpg"
#: How often what must have happened at the end, whatever was tried how often.
_ONCE = {
    "share:published": 11,
    "share:changed": 1,
    "asset:withdrawn": 1,
    "share:revoked": 2,
    "format:made": 2,
    "letter:sent": 4,
    "bundle:stale": 1,
    "publication:failed": 0,
    "rendition:failed": 0,
    "format:failed": 0,
}
#: At which moment which work is held: while it renders, stores, or begins to render.
BUSY = {
    "publish": "render:rendered",
    "change": "change:written",
    "withdraw": "withdraw:written",
    "revoke": "revoke:recorded",
    "add": "render:rendered",
    "make": "render:rendered",
    "replan": "publish:manifest_stored",
}
#: The same of what schedules do.
TIDYING = {
    "expire": "expire:marked",
    "purge": "purge:folder_removed",
    "collect": "collect:locked",
    "seal": "seal:added",
}
STORING = BUSY | {"publish": "publish:plan_stored"}
RENDERING = BUSY | {"publish": "render:claimed", "add": "render:claimed", "make": "render:claimed"}


def fill_library(root):
    """Two photographs that all shares have, and one that nobody has rendered."""
    for number in (1, 2):
        write_photograph(root / "Campaign" / f"ridge {number}.jpg", seed=number)
    write_photograph(root / "Fresh" / "bowl.jpg", seed=9)
    return root


class Visitor:
    """Looks at a page and takes a download, each time as somebody else."""

    def __init__(self, browser, page):
        self._browser, self._page = browser, page
        self.answers, self.taken = [], 0

    def visit(self, seconds):
        """Go on for so long; whatever is no page is a refusal that says when to come again."""
        until = time.monotonic() + seconds
        while True:
            self._ask("")
            if self._ask("d/1/web") == 200:
                self.taken += 1
            if time.monotonic() >= until:
                return
            time.sleep(seconds / 20)

    def _ask(self, place):
        name = {"user-agent": f"visitor {len(self.answers)}"}
        answer = self._browser.get(self._page + place, headers=name)
        self.answers.append((place, answer.status_code, "retry-after" in answer.headers))
        return answer.status_code


def prepare(installation):
    """Publish what is worked on; return the shares by name, and a request that is still to come."""
    invitation = invite(installation, "maria@paper.example", "jo@paper.example")
    campaign = a_request(folder="Campaign")
    shares = {
        name: publish(installation, campaign.model_copy(update={"request_key": name}))
        for name in (
            "changed",
            "withdrawn",
            "revoked",
            "added",
            "made",
            "stale",
            "read",
            "over",
            "due",
        )
    }
    make_due(installation, shares)
    publish(installation, campaign.model_copy(update={"invitation": invitation}))
    with installation.transaction() as session:
        row = share_of(installation, shares["made"])
        request_format(session, row, 0, _SECOND.to_format(), Asker(Actor.OWNER))
        stale = session.get_one(Bundle, (shares["stale"], 0, "original"))
    mark_stale(installation, stale, OriginalChanged())
    return shares, a_request(folder="Fresh", request_key="fresh", invitation=invitation)


def make_due(installation, shares):
    """Let the time of one share be over, another one be due to be purged, and garbage lie about."""
    revoke_share(installation, "due", asked_by="test")
    with installation.transaction() as session:
        now = read_clock(session)
        session.get_one(Share, shares["over"]).expires_at = now - timedelta(seconds=1)
        session.get_one(Share, shares["due"]).closed_at = now - timedelta(days=40)
        session.add(
            Rendition(
                key=GARBAGE, state=RenditionState.PRESENT, recipe={}, size_bytes=3,
                sha256=hashlib.sha256(b"old").digest(),
                unneeded_at=now - timedelta(days=9),
            )
        )  # fmt: skip
    installation.store.put(rendition_store_key(GARBAGE, 0), b"old")


def check_tidied(installation, shares):
    """What was due is done, once."""
    assert share_of(installation, shares["over"]).state is ShareState.EXPIRED
    assert share_of(installation, shares["due"]).state is ShareState.PURGED
    found = {kind: count(installation, kind) for kind in ("share:expired", "share:purged")}
    assert found == {"share:expired": 1, "share:purged": 1}, found
    assert list(installation.store.list_keys(f"pages/{shares['due']}/")) == []
    assert list(installation.store.list_keys(f"renditions/{GARBAGE[:2]}/")) == []


def check_told(installation, results):
    """What operators asked for is there, once."""
    assert [one.name for one in (installation.settings.home / "exports").iterdir()] == [
        results["export"]
    ]
    found = {kind: count(installation, kind) for kind in ("history:exported", "settings:changed")}
    assert found == {"history:exported": 1, "settings:changed": 1}, found
    assert results["check"] == 0
    assert results["history"] > 0
    assert results["overview"] >= results["board"] > 1
    assert results["kpis"] > 0


def endure(installation, make_flows, held, outage, seconds=SECONDS):
    """Take all work through an outage, and check that nothing is half and nothing is lost.

    `make_flows` gives the work by name, from the request that is still to come.
    """
    shares, request = prepare(installation)
    flows = make_flows(request)
    page = link_of(installation, shares["read"])
    with TestClient(create_app(installation), raise_server_exceptions=False) as browser:
        visitor = Visitor(browser, page)
        visitor.visit(0)
        results = Rehearsal(held).play(flows, outage, lambda: visitor.visit(seconds))
        visitor.visit(0)
        assert count(installation, "download:started") == visitor.taken
        check_results(installation, results)
        if "purge" in flows:
            check_tidied(installation, shares)
        if "export" in flows:
            check_told(installation, results)
        check_nothing_half(installation, browser)
    assert {status for _, status, _ in visitor.answers} <= {200, 503}
    assert all(says_when for _, status, says_when in visitor.answers if status != 200)
    assert [status for _, status, _ in visitor.answers[-2:]] == [200, 200]
    return visitor.answers


def check_results(installation, results):
    """Each flow did its work, and each effect is there once."""
    assert results["add"] == _FIRST.to_format().name
    assert share_of(installation, results["publish"]).state is ShareState.OPEN
    # As the schedules do: what came when they had already looked waits for their next turn.
    asyncio.run(send_waiting_letters(installation))
    for one in list_outdated(installation):
        refresh(installation, one)
    found = {kind: count(installation, kind) for kind in _ONCE}
    assert found == _ONCE, found


def check_nothing_half(installation, browser):
    """Whatever is promised is there and whole, and nothing else is left."""
    home = installation.settings.home
    with installation.transaction() as session:
        renditions = session.scalars(select(Rendition)).all()
        opened = session.scalars(select(Share).where(Share.state == ShareState.OPEN)).all()
        stale = session.scalars(select(Bundle).where(Bundle.stale_at.is_not(None))).all()
    unmade = [
        (one.key, one.state, one.failure, one.maker, str(one.lease_until))
        for one in renditions
        if one.state is not RenditionState.PRESENT
    ]
    assert unmade == [], unmade
    assert stale == []
    for one in renditions:
        if one.splices is None:
            content = installation.store.get(one.store_key)
            assert hashlib.sha256(content).digest() == one.sha256
    for share in opened:
        page = link_of(installation, share.id)
        shown = browser.get(page)
        assert shown.status_code == 200
        assert "</html>" in shown.text
        if share.request_key == "withdrawn":
            continue
        places = re.findall(r'src="(i/[^"]+)"', shown.text)
        assert {browser.get(page + place).status_code for place in places} == {200}
        if share.is_downloadable:
            bundle = browser.get(f"{page}bundle/web")
            assert zipfile.ZipFile(io.BytesIO(bundle.content)).testzip() is None
    assert list(home.rglob("*.draft")) == []
    assert list(home.glob("letters/.*")) == []
    assert list(Path(tempfile.gettempdir()).iterdir()) == []


def count(installation, kind):
    with installation.transaction() as session:
        statement = select(func.count()).select_from(HistoryEvent).where(HistoryEvent.kind == kind)
        return session.scalar(statement)
