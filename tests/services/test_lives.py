"""Whatever happens to shares, in whatever order and at once: the rules of a life hold."""

import contextlib
import functools
import os
import threading
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from models import HistoryEvent, Share
from models.kinds import ShareState
from services.changes import ShareChange, change_share, revoke_share, withdraw_asset
from services.closing import expire_shares
from services.errors import ChangeRefused, LeaseLost
from services.finishing import finish_publications
from services.freezing import claim_share
from services.garbage import collect_renditions
from services.lifecycle import CHANGEABLE, ENDED, FIRST, TRANSITIONS
from services.opening import open_share
from services.orphans import collect_orphans
from services.pages import build_page
from services.purge_look import find_left_over
from services.purging import begin_purges, carry_out_purges, list_runs, note_forgotten
from services.rendered import finish_rendering
from services.renditions import plan_chunks, render_chunk
from services.store_check import look
from tests.publishing import a_request, publish, share_of

#: `make prove NAME=lives` runs more of them, and longer ones.
EXAMPLES, STEPS = int(os.environ.get("EXAMPLES", "8")), int(os.environ.get("STEPS", "12"))
ASSETS = ["Campaign/ridge 1.jpg", "Campaign/ridge 2.jpg"]
STEPS_OF_A_LIFE = {(one.source, one.event): one.target for one in TRANSITIONS}
PURGE_AFTER = timedelta(days=30)
LONG_PAST = timedelta(minutes=2)


def purge(installation):
    begin_purges(installation)
    note_forgotten(installation, list_runs(installation, 100))
    carry_out_purges(installation)


def collect(installation):
    collect_renditions(installation)
    collect_orphans(installation)


def finish(installation):
    finish_publications(installation, run="reconcile")


TIDYING = {"expire": expire_shares, "purge": purge, "collect": collect, "finish": finish}


class Lives(RuleBasedStateMachine):
    """What was done to each share, held against what it has become."""

    def __init__(self, installation, set_clock, begin):
        super().__init__()
        self.installation, self.set_clock = installation, set_clock
        self.now = begin()
        self.set_clock(self.now)
        self.ends, self.revoked, self.asleep = {}, set(), []

    def request(self, ends_at):
        text = ends_at.strftime("%Y-%m-%dT%H:%M") if ends_at else "never"
        return a_request(folder="", asset_ids=ASSETS, expires_on=text)

    def choose_end(self, days):
        return (self.now + timedelta(days=days)).replace(second=0) if days else None

    @rule(days=st.integers(0, 40), minutes=st.integers(1, 1439))
    def pass_time(self, days, minutes):
        self.now += timedelta(days=days, minutes=minutes)
        self.set_clock(self.now)

    @rule(days=st.sampled_from([0, 1, 10]))
    def publish_one(self, days):
        ends_at = self.choose_end(days)
        self.ends[publish(self.installation, self.request(ends_at))] = ends_at

    @rule()
    def publish_one_and_fall_asleep(self):
        claim = claim_share(self.installation, self.request(None), run=str(uuid4()))
        for chunk in plan_chunks(self.installation, claim):
            render_chunk(self.installation, chunk)
        finish_rendering(self.installation, claim)
        self.ends[claim.share_id] = None
        self.asleep.append((claim, build_page(self.installation, claim)))

    @precondition(lambda self: self.asleep)
    @rule(data=st.data())
    def wake_up_and_go_on(self, data):
        claim, build = self.asleep.pop(data.draw(st.integers(0, len(self.asleep) - 1)))
        before = share_of(self.installation, claim.share_id)
        try:
            open_share(self.installation, claim, build)
        except LeaseLost:
            assert before.fence != claim.fence
        else:
            assert before.fence == claim.fence
        after = share_of(self.installation, claim.share_id)
        assert after.state in {before.state, ShareState.OPEN}

    @precondition(lambda self: self.ends)
    @rule(data=st.data(), days=st.sampled_from([0, 1, 50]))
    def change_the_end(self, data, days):
        share_id = data.draw(st.sampled_from(sorted(self.ends)))
        ends_at = self.choose_end(days)
        is_late = share_of(self.installation, share_id).state not in CHANGEABLE
        change = ShareChange(expires_on=self.request(ends_at).expires_on, zone="UTC")
        refused = pytest.raises(ChangeRefused, match="publish a new one")
        with refused if is_late else contextlib.nullcontext():
            change_share(self.installation, str(share_id), change, asked_by="test")
        if not is_late:
            self.ends[share_id] = ends_at

    @precondition(lambda self: self.ends)
    @rule(data=st.data())
    def revoke_one(self, data):
        share_id = data.draw(st.sampled_from(sorted(self.ends)))
        if revoke_share(self.installation, str(share_id), asked_by="test"):
            self.revoked.add(share_id)

    @precondition(lambda self: self.ends)
    @rule(data=st.data(), asset=st.sampled_from(ASSETS))
    def withdraw_one(self, data, asset):
        share_id = data.draw(st.sampled_from(sorted(self.ends)))
        if share_of(self.installation, share_id).state in CHANGEABLE:
            withdraw_asset(self.installation, str(share_id), asset, asked_by="test")

    @rule(works=st.lists(st.sampled_from(sorted(TIDYING)), min_size=1, max_size=2))
    def tidy_up_at_once(self, works):
        errors = []

        def work(name):
            try:
                TIDYING[name](self.installation)
            except Exception as error:  # noqa: BLE001
                errors.append(error)

        threads = [threading.Thread(target=work, args=(name,)) for name in works]
        for one in threads:
            one.start()
        if "collect" in works:
            # Whoever publishes meanwhile relies on what may be collected.
            self.publish_one(0)
        for one in threads:
            one.join()
        assert errors == []

    @invariant()
    def each_share_is_what_was_done_to_it(self):
        for share_id, ends_at in self.ends.items():
            share = share_of(self.installation, share_id)
            closed_at = share.closed_at
            if share.state in {ShareState.PURGING, ShareState.PURGED}:
                assert closed_at + PURGE_AFTER <= self.now
            if share.state is ShareState.EXPIRED:
                assert ends_at <= self.now and closed_at == ends_at
            if share.state in {ShareState.OPEN, ShareState.EXPIRED, ShareState.PUBLISHING}:
                assert share_id not in self.revoked
            if share.opened_at and share_id not in self.revoked:
                assert share.is_open(self.now) == (ends_at is None or self.now < ends_at)

    @invariant()
    def each_history_is_a_way_through_the_table(self):
        for share_id in self.ends:
            state = FIRST
            for kind in self.read_history(share_id):
                state = STEPS_OF_A_LIFE.get((state, kind), state)
            assert state is share_of(self.installation, share_id).state

    def read_history(self, share_id):
        steps = {one.event for one in TRANSITIONS}
        statement = select(HistoryEvent.kind).where(HistoryEvent.share_id == share_id)
        with self.installation.transaction() as session:
            found = session.scalars(statement.order_by(HistoryEvent.id)).all()
        return [kind for kind in found if kind in steps]

    @invariant()
    def nothing_that_is_needed_is_missing(self):
        assert look(self.installation).is_sound()

    @invariant()
    def of_what_was_purged_nothing_is_left(self):
        gone = [
            one for one in self.ends if share_of(self.installation, one).state is ShareState.PURGED
        ]
        with self.installation.transaction() as session:
            assert not find_left_over(self.installation, session, gone)


def test_whatever_happens_to_shares_the_rules_of_a_life_hold(installation, set_clock, monkeypatch):
    eager = installation.settings.model_copy(update={"garbage_grace_hours": 0})
    monkeypatch.setattr(installation, "settings", eager)
    moments = iter(range(10_000))

    def begin():
        return datetime(2030, 1, 1, tzinfo=UTC) + timedelta(days=2000 * next(moments))

    make = functools.partial(Lives, installation, set_clock, begin)
    run_state_machine_as_test(
        make, settings=settings(max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None)
    )
    with installation.transaction() as session:
        assert not set(session.scalars(select(Share.state))) - (ENDED | CHANGEABLE)
