import threading
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, update

from models import HistoryEvent, Rendition, RenditionRef, Share
from models.base import new_id
from models.kinds import EventKind, RenditionState
from services import garbage
from services.clock import read_clock
from services.errors import LeaseLost
from services.freezing import claim_share
from services.garbage import collect_renditions, note_collected
from services.opening import open_share
from services.orphans import collect_files, collect_of_shares
from services.pages import build_page
from services.rendition_rows import find_settled, refer
from tests.publishing import a_request, publish, share_of


@pytest.fixture
def without_grace(installation, monkeypatch):
    """The installation, where what nobody needs goes at once."""
    eager = installation.settings.model_copy(update={"garbage_grace_hours": 0})
    monkeypatch.setattr(installation, "settings", eager)
    return installation


def forget_references(installation, share_id):
    with installation.transaction() as session:
        session.execute(delete(RenditionRef).where(RenditionRef.share_id == share_id))


def count_rows(installation):
    with installation.transaction() as session:
        return session.scalar(select(func.count()).select_from(Rendition))


def count_files(installation):
    return len(list(installation.store.list_keys("renditions/")))


def test_what_no_share_needs_goes_with_its_file_and_what_wraps_it(without_grace):
    share_id = publish(without_grace, a_request(visibility="complete"))
    with without_grace.transaction() as session:
        assert session.scalar(select(func.count()).where(Rendition.wraps != "")) > 0
    forget_references(without_grace, share_id)

    collected = collect_renditions(without_grace)

    assert (count_rows(without_grace), count_files(without_grace)) == (0, 0)
    assert collected.rows > collected.files > 0


def test_what_any_share_needs_stays(without_grace):
    first, _ = publish(without_grace), publish(without_grace)
    before = count_rows(without_grace), count_files(without_grace)
    forget_references(without_grace, first)

    assert collect_renditions(without_grace).rows == 0
    assert (count_rows(without_grace), count_files(without_grace)) == before


def test_grace_is_counted_from_when_nobody_needed_it_any_more(installation, set_clock):
    share_id = publish(installation)
    with installation.transaction() as session:
        now = read_clock(session)
    set_clock(now + timedelta(days=9))
    forget_references(installation, share_id)

    assert collect_renditions(installation).rows == 0
    set_clock(now + timedelta(days=9, hours=23))
    assert collect_renditions(installation).rows == 0
    set_clock(now + timedelta(days=10))
    assert collect_renditions(installation).rows == 16


def test_what_was_collected_is_made_again_under_another_number(without_grace):
    forget_references(without_grace, publish(without_grace))
    with without_grace.transaction() as session:
        before = dict(session.execute(select(Rendition.key, Rendition.generation)).all())
    collect_renditions(without_grace)

    publish(without_grace)

    with without_grace.transaction() as session:
        after = dict(session.execute(select(Rendition.key, Rendition.generation)).all())
    assert after.keys() == before.keys()
    assert not set(after.values()) & set(before.values())
    assert all(number > max(before.values()) for number in after.values())


def test_what_is_referred_to_between_the_lock_and_the_second_look_stays(without_grace, monkeypatch):
    share_id = publish(without_grace)
    with without_grace.transaction() as session:
        refs = session.scalars(select(RenditionRef)).all()
    forget_references(without_grace, share_id)

    def refer_meanwhile(moment):
        if moment == "collect:locked":
            with without_grace.transaction() as session:
                refer(session, share_id, refs)

    monkeypatch.setattr(garbage, "reach", refer_meanwhile)

    assert collect_renditions(without_grace).rows == 0
    assert count_files(without_grace) > 0


def test_whoever_found_a_rendition_holds_it_until_the_reference_is_committed(without_grace):
    share_id = publish(without_grace)
    with without_grace.transaction() as session:
        refs = session.scalars(select(RenditionRef)).all()
    forget_references(without_grace, share_id)

    with without_grace.transaction() as session:
        refer(session, share_id, refs)
        assert len(find_settled(session, {one.key for one in refs})) == 16
        assert collect_renditions(without_grace).rows == 0

    assert collect_renditions(without_grace).rows == 0


def test_work_that_goes_on_is_not_collected_and_that_of_the_dead_is(without_grace):
    forget_references(without_grace, publish(without_grace))
    with without_grace.transaction() as session:
        until = read_clock(session) + timedelta(minutes=1)
        values = {"state": RenditionState.MAKING, "lease_until": until}
        session.execute(update(Rendition).values(values))
    assert collect_renditions(without_grace).rows == 0

    with without_grace.transaction() as session:
        session.execute(update(Rendition).values(lease_until=until - timedelta(minutes=2)))
    assert collect_renditions(without_grace).rows == 16


def test_a_file_that_no_row_names_goes_and_one_that_is_half_written_is_given_time(installation):
    publish(installation)
    before = set(installation.store.list_keys("renditions/"))
    orphan, half = (f"renditions/ab/{'ab' * 32}.{ending}" for ending in ("7", "7#1"))
    installation.store.put(orphan, b"x")
    (installation.store.folder / half).write_bytes(b"x")

    assert collect_files(installation) == 1
    assert set(installation.store.list_keys("renditions/")) == before | {half}


def age_everything(installation, monkeypatch):
    """Let every file be two days old."""
    plain = installation.store.list_objects

    def list_aged(folder):
        for one in plain(folder):
            yield type(one)(one.key, one.size_bytes, one.age_seconds + 2 * 86400)

    monkeypatch.setattr(installation.store, "list_objects", list_aged)


def test_builds_and_plans_that_no_share_uses_go_and_those_in_use_stay(installation, monkeypatch):
    share_id = publish(installation)
    used = set(installation.store.list_keys("pages/")) | set(installation.store.list_keys("plans/"))
    old_build, old_plan = f"pages/{share_id}/{new_id().hex}/page-1.html", f"plans/{share_id}/f00d"
    installation.store.put(old_build, b"x")
    installation.store.put(old_plan, b"x")
    assert collect_of_shares(installation) == {"builds": 0, "plans": 0}

    age_everything(installation, monkeypatch)

    assert collect_of_shares(installation) == {"builds": 1, "plans": 1}
    left = {*installation.store.list_keys("pages/"), *installation.store.list_keys("plans/")}
    assert left == used
    assert share_of(installation, share_id).current_build


def test_a_run_whose_build_was_collected_can_open_nothing_with_it(installation, monkeypatch):
    asleep = claim_share(installation, a_request(), run="asleep")
    build = build_page(installation, asleep)
    age_everything(installation, monkeypatch)
    assert collect_of_shares(installation)["builds"] == 0

    with installation.transaction() as session:
        session.execute(update(Share).values(lease_until=None))
    assert collect_of_shares(installation)["builds"] == 1

    with pytest.raises(LeaseLost):
        open_share(installation, asleep, build)


def test_what_was_collected_is_on_record_and_nothing_is_not(installation):
    note_collected(installation, {"renditions": 0})
    note_collected(installation, {"renditions": 2})

    with installation.transaction() as session:
        rows = session.scalars(select(HistoryEvent)).all()
    assert [(one.kind, one.payload) for one in rows] == [
        (EventKind.GARBAGE_COLLECTED, {"renditions": 2})
    ]


def test_two_collectors_at_once_remove_each_thing_once(without_grace):
    forget_references(without_grace, publish(without_grace))
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(collect_renditions(without_grace)))
        for _ in range(3)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert sum(one.rows for one in found) == 16
    assert count_files(without_grace) == 0
