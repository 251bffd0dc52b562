"""A worker that was asleep for longer than its lease comes back when another one has done its work."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from models import Bundle, HistoryEvent
from models.kinds import Actor
from services import bundling, letters, renditions
from services.clock import read_clock
from services.errors import LeaseLost, OriginalChanged
from services.format_making import make_format
from services.format_requests import Asker, request_format
from services.format_wishes import CustomFormat
from services.freezing import claim_share
from services.opening import open_share
from services.pages import build_page
from services.rendering.shared_pool import get_pool
from services.staleness import mark_stale
from tests.publishing import a_request, publish, share_of
from tests.services.test_letters import invite, send

SMALL = CustomFormat(width=50, height=50, encoder="webp").to_format()
CAMPAIGN = a_request(folder="Campaign", request_key="campaign")


def count(installation, kind):
    statement = select(func.count()).select_from(HistoryEvent).where(HistoryEvent.kind == kind)
    with installation.transaction() as session:
        return session.scalar(statement)


def now_of(installation):
    with installation.transaction() as session:
        return read_clock(session)


class Sleepy:
    """The pool of the installation; whoever uses it first sleeps before it takes its first answer."""

    def __init__(self, installation):
        self._pool = get_pool(installation.settings)
        self.asleep, self.wake = threading.Event(), threading.Event()

    def render(self, orders, progress):
        for outcome in self._pool.render(orders, progress):
            if not self.asleep.is_set():
                self.asleep.set()
                assert self.wake.wait(60)
            yield outcome


def test_a_publication_is_opened_once_by_whoever_has_its_fence(installation, set_clock):
    asleep = claim_share(installation, CAMPAIGN, run="asleep")
    set_clock(now_of(installation) + timedelta(minutes=5))
    publish(installation, CAMPAIGN, run="awake")

    with pytest.raises(LeaseLost):
        open_share(installation, asleep, "a build of its own")
    with pytest.raises(LeaseLost):
        build_page(installation, asleep)

    assert count(installation, "share:published") == 1
    assert share_of(installation, asleep.share_id).current_build != "a build of its own"


def test_a_wish_of_a_sleeper_is_carried_out_once(installation, set_clock, monkeypatch):
    share = publish(installation, CAMPAIGN)
    with installation.transaction() as session:
        row = share_of(installation, share)
        wish = request_format(session, row, 0, SMALL, Asker(Actor.OWNER)).id
    pool = Sleepy(installation)
    monkeypatch.setattr(renditions, "get_pool", lambda _: pool)
    sleeper = threading.Thread(target=make_format, args=(installation, wish))
    sleeper.start()
    assert pool.asleep.wait(60)
    set_clock(now_of(installation) + timedelta(minutes=10))

    assert make_format(installation, wish) == SMALL.name
    pool.wake.set()
    sleeper.join()

    assert count(installation, "format:made") == 1
    assert count(installation, "format:failed") == 0


def test_a_letter_of_a_sleeper_is_on_record_once_and_the_same_letter(installation, set_clock):
    publish(installation, a_request(invitation=invite(installation, "a@b.example")))
    taken = letters._take_letter(installation)
    set_clock(now_of(installation) + timedelta(minutes=10))

    assert send(installation) == 1
    (path,) = (installation.settings.home / "letters").glob("*.eml")
    before = path.read_bytes()
    letters._send_letter(installation, taken.id)

    assert count(installation, "letter:sent") == 1
    assert path.read_bytes() == before


def test_of_two_who_plan_a_zip_anew_the_first_counts(installation, library):
    share = publish(installation, CAMPAIGN)
    with installation.transaction() as session:
        stale = session.get_one(Bundle, (share, 0, "original"))
    (library / "Campaign" / "ridge 1.jpg").unlink()
    mark_stale(installation, stale, OriginalChanged())
    true_replace, planned = bundling._replace, count(installation, "bundle:planned")
    both = threading.Barrier(2)

    def replace_together(*words):
        both.wait(60)
        true_replace(*words)

    bundling._replace = replace_together
    try:
        workers = [
            threading.Thread(target=bundling.replan, args=(installation, share)) for _ in range(2)
        ]
        for one in workers:
            one.start()
        for one in workers:
            one.join()
    finally:
        bundling._replace = true_replace

    assert count(installation, "bundle:planned") == planned + 1
    with installation.transaction() as session:
        again = session.get_one(Bundle, (share, 0, "original"))
    assert (again.stale_at, again.entry_count) == (None, 2)
