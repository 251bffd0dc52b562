"""What is away or full for a moment while something is done, and what stands there afterwards."""

import asyncio
import shutil
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from models import Bundle, FormatRequest, HistoryEvent, Outbox, Rendition, RenditionRef
from models.kinds import Actor, LetterState, RenditionState, RequestState, ShareState
from services import format_making, renditions
from services.bundling import replan
from services.changes import revoke_share
from services.clock import read_clock
from services.contents import TAKEN
from services.errors import (
    DatabaseAway,
    OriginalAway,
    OriginalChanged,
    StoreAway,
    StoreFull,
    TooLittleSpace,
)
from services.exporting import HistoryExport, export_history
from services.format_making import make_format
from services.format_requests import Asker, request_format
from services.format_wishes import CustomFormat
from services.freezing import claim_share
from services.history import list_kinds
from services.letters import send_waiting_letters
from services.purging import begin_purges, carry_out_purges, list_runs, note_forgotten
from services.rendering.shared_pool import get_pool
from services.renditions import plan_chunks, render_chunk
from services.staleness import mark_stale
from services.wrapping import wrap_downloads
from tests.publishing import a_request, publish, share_of
from tests.services.test_letters import invite
from tests.services.test_store import full_disk, list_files

SMALL = CustomFormat(width=50, height=50, encoder="webp").to_format()
CAMPAIGN = a_request(folder="Campaign")


def states_of(installation, column):
    with installation.transaction() as session:
        return set(session.scalars(select(column)))


class Interrupting:
    """The pool of the installation; something happens before its first answer is taken."""

    def __init__(self, installation, act):
        self._pool, self._act = get_pool(installation.settings), act

    def render(self, orders, progress):
        for outcome in self._pool.render(orders, progress):
            act, self._act = self._act, lambda: None
            act()
            yield outcome


def refuse_to_wait(_):
    raise AssertionError("somebody waits for a lease that nobody holds")


def test_what_a_run_was_making_when_the_database_went_it_makes_at_once_when_it_is_back(
    installation, cluster, monkeypatch
):
    claim = claim_share(installation, CAMPAIGN, run="alive")
    (chunk,) = plan_chunks(installation, claim)
    pool = Interrupting(installation, cluster.stop)
    monkeypatch.setattr(renditions, "get_pool", lambda _: pool)

    with pytest.raises(DatabaseAway):
        render_chunk(installation, chunk)
    cluster.start()
    monkeypatch.setattr(renditions.time, "sleep", refuse_to_wait)
    render_chunk(installation, chunk)

    assert states_of(installation, Rendition.state) == {RenditionState.PRESENT}


def test_a_wish_that_was_made_when_the_database_went_is_made_at_once_when_it_is_back(
    installation, cluster, monkeypatch
):
    share = publish(installation, CAMPAIGN)
    with installation.transaction() as session:
        row = share_of(installation, share)
        wish = request_format(session, row, 0, SMALL, Asker(Actor.OWNER)).id
    pool = Interrupting(installation, cluster.stop)
    monkeypatch.setattr(renditions, "get_pool", lambda _: pool)

    with pytest.raises(DatabaseAway):
        make_format(installation, wish)
    cluster.start()
    monkeypatch.setattr(format_making.time, "sleep", refuse_to_wait)
    name = make_format(installation, wish)

    assert name == SMALL.name
    assert states_of(installation, FormatRequest.attempts) == {1}


def test_a_wish_waits_for_a_store_that_is_away_however_often_it_is_tried(installation, tmp_path):
    share = publish(installation, CAMPAIGN)
    with installation.transaction() as session:
        row = share_of(installation, share)
        wish = request_format(session, row, 0, SMALL, Asker(Actor.OWNER)).id
    place, elsewhere = installation.store.folder, tmp_path / "elsewhere"
    place.rename(elsewhere)

    for _ in range(5):
        with pytest.raises(StoreAway):
            make_format(installation, wish)
    assert states_of(installation, FormatRequest.state) == {RequestState.WAITING}
    elsewhere.rename(place)

    assert make_format(installation, wish) == SMALL.name


def test_a_store_that_is_away_makes_no_download_without_its_notice(installation, tmp_path):
    claim = claim_share(
        installation, CAMPAIGN.model_copy(update={"visibility": "complete"}), run="1"
    )
    for chunk in plan_chunks(installation, claim):
        render_chunk(installation, chunk)
    place, elsewhere = installation.store.folder, tmp_path / "elsewhere"
    place.rename(elsewhere)

    with pytest.raises(StoreAway):
        wrap_downloads(installation, claim)
    elsewhere.rename(place)
    wrap_downloads(installation, claim)

    with installation.transaction() as session:
        taken = session.scalars(
            select(RenditionRef.position).where(RenditionRef.format == f"web{TAKEN}")
        ).all()
    assert sorted(taken) == [1, 2, 3]


def test_a_zip_is_not_planned_anew_without_what_is_only_away(installation, library, tmp_path):
    share = publish(installation, CAMPAIGN)
    with installation.transaction() as session:
        (bundle,) = session.scalars(select(Bundle).where(Bundle.format == "original"))
    mark_stale(installation, bundle, OriginalChanged())
    library.rename(tmp_path / "elsewhere")
    library.mkdir()

    with pytest.raises(OriginalAway):
        replan(installation, share)
    library.rmdir()
    (tmp_path / "elsewhere").rename(library)
    replan(installation, share)

    with installation.transaction() as session:
        (again,) = session.scalars(select(Bundle).where(Bundle.format == "original"))
    assert (again.entry_count, again.stale_at) == (3, None)


def test_a_letter_on_a_full_disk_is_sent_when_there_is_room_again(installation, tmp_path):
    publish(installation, a_request(invitation=invite(installation, "a@b.example")))

    with full_disk(), pytest.raises(StoreFull):
        asyncio.run(send_waiting_letters(installation))
    assert list_files(tmp_path / "home" / "letters") == []

    assert asyncio.run(send_waiting_letters(installation)) == 1
    assert states_of(installation, Outbox.state) == {LetterState.SENT}
    assert len(list_files(tmp_path / "home" / "letters")) == 2


def test_an_export_on_a_full_disk_leaves_nothing_and_is_written_when_there_is_room(
    installation, tmp_path
):
    publish(installation, CAMPAIGN)

    with full_disk(most_bytes=100), pytest.raises(StoreFull):
        export_history(installation, HistoryExport(), asked_by="test")
    assert list_files(tmp_path / "home" / "tmp") == []
    assert list_files(tmp_path / "home" / "exports") == []

    made = export_history(installation, HistoryExport(), asked_by="test")
    assert list_files(tmp_path / "home" / "exports") == [made.path.name]


def test_a_share_that_would_fill_the_disk_is_refused_and_says_what_is_missing(installation):
    free = shutil.disk_usage(installation.settings.home.parent).free
    reserve = free // (1 << 20) + 1000
    settings = installation.settings.model_copy(update={"store_reserve_mb": reserve})
    installation.settings = settings

    with pytest.raises(TooLittleSpace, match="MiB left: free some, or lower"):
        publish(installation)

    with installation.transaction() as session:
        kinds = list(session.scalars(select(HistoryEvent.kind)))
    assert [kind.value for kind in kinds] == ["request:refused"]


def test_a_database_that_only_reads_is_away(installation, cluster, database):
    share = publish(installation, CAMPAIGN)
    with cluster.connect() as connection:
        connection.execute(f"ALTER DATABASE {database} SET default_transaction_read_only = on")
    installation.close()

    with pytest.raises(DatabaseAway), installation.transaction() as session:
        session.add(Outbox(share_id=share, template="x", grant_id=share))

    with installation.transaction() as session:
        assert "share:published" in list_kinds(session, share)


class FullDisk:
    """The pool of the installation, whose files go to a device on which there is no room."""

    def __init__(self, installation):
        self._pool = get_pool(installation.settings)

    def render(self, orders, progress):
        return self._pool.render([self._misplace(one) for one in orders], progress)

    def _misplace(self, order):
        outputs = tuple(replace(one, path="/dev/full") for one in order.outputs)
        return replace(order, outputs=outputs)


def test_a_disk_without_room_says_nothing_of_the_originals(installation, monkeypatch):
    claim = claim_share(installation, CAMPAIGN, run="alive")
    (chunk,) = plan_chunks(installation, claim)
    pool = FullDisk(installation)
    monkeypatch.setattr(renditions, "get_pool", lambda _: pool)

    with pytest.raises(StoreFull):
        render_chunk(installation, chunk)
    assert states_of(installation, Rendition.state) == set()
    assert "rendition:failed" not in {
        one.value for one in states_of(installation, HistoryEvent.kind)
    }
    monkeypatch.undo()
    render_chunk(installation, chunk)

    assert states_of(installation, Rendition.state) == {RenditionState.PRESENT}


def test_a_purge_does_not_take_a_store_that_is_away_for_one_that_was_emptied(
    installation, set_clock, tmp_path
):
    share = publish(installation, CAMPAIGN)
    revoke_share(installation, str(share), asked_by="test")
    with installation.transaction() as session:
        set_clock(read_clock(session) + timedelta(days=31))
    begin_purges(installation)
    note_forgotten(installation, list_runs(installation, 10))
    place, elsewhere = installation.store.folder, tmp_path / "elsewhere"
    place.rename(elsewhere)

    with pytest.raises(StoreAway):
        carry_out_purges(installation)
    assert share_of(installation, share).state is ShareState.PURGING
    elsewhere.rename(place)

    assert carry_out_purges(installation).purged == (share,)
    assert not (place / "pages" / str(share)).exists()
