import pytest
from sqlalchemy import func, select

from models import (
    Bundle,
    Grant,
    HistoryEvent,
    HistoryPerson,
    Outbox,
    Rendition,
    RenditionRef,
    Share,
    SharedAsset,
)
from models.kinds import EventKind, RenditionState, ShareState
from services import originals
from services.errors import LeaseLost, RenditionsMissing, RequestKeyTaken
from services.freezing import claim_share
from services.history import list_kinds
from services.leases import LeaseKeeper, hold, try_lease
from services.pages import build_page
from services.render_jobs import Job, Progress, Round
from services.rendering.orders import RenderOrder
from services.renditions import plan_chunks, render_chunk
from services.selection import resolve_selection
from tests.photographs import write_cut_photograph, write_photograph
from tests.publishing import a_request, publish, share_of

AN_ORDER = RenderOrder("f00d", "/nowhere", 1, 1, "video/mp4", ())


def count(installation, table):
    with installation.transaction() as session:
        return session.scalar(select(func.count()).select_from(table))


def test_a_folder_becomes_an_open_share_with_its_history_in_order(installation):
    share_id = publish(installation)

    assert share_of(installation, share_id).state is ShareState.OPEN
    with installation.transaction() as session:
        kinds = list_kinds(session, share_id)
    assert kinds == [
        "share:requested",
        "share:frozen",
        "share:rendered",
        "bundle:planned",
        "bundle:planned",
        "bundle:planned",
        "page:built",
        "share:published",
    ]


def test_the_same_request_again_is_the_same_share_and_makes_nothing_twice(installation):
    request = a_request(request_key="spring")
    first = publish(installation, request)
    before = [count(installation, table) for table in (Share, Rendition, Bundle, HistoryEvent)]

    assert publish(installation, request) == first
    assert [
        count(installation, table) for table in (Share, Rendition, Bundle, HistoryEvent)
    ] == before


def test_the_same_key_with_another_request_is_refused_and_names_the_first_share(installation):
    first = publish(installation, a_request(request_key="spring"))

    with pytest.raises(RequestKeyTaken, match=str(first)):
        publish(installation, a_request(request_key="spring", title="Summer"))


def test_renditions_are_shared_between_shares(installation):
    publish(installation)
    made = count(installation, Rendition)

    publish(installation)

    # Three of each photograph (what is viewed is also the web format), and the text of the notes.
    assert count(installation, Rendition) == made == 16
    assert count(installation, RenditionRef) == 2 * (5 * 4 + 1)


def test_two_assets_with_the_same_content_are_rendered_once(installation, library):
    content = (library / "Campaign" / "ridge 1.jpg").read_bytes()
    (library / "Campaign" / "copy.jpg").write_bytes(content)

    publish(installation)

    assert (count(installation, Rendition), count(installation, RenditionRef)) == (16, 25)


def test_a_damaged_photograph_is_told_and_the_share_opens_without_its_renditions(
    installation, library
):
    write_cut_photograph(library / "Campaign" / "cut.jpg")

    share_id = publish(installation)

    with installation.transaction() as session:
        kinds = list_kinds(session, share_id)
        told = session.scalars(
            select(HistoryPerson.fields)
            .join(HistoryEvent, HistoryEvent.id == HistoryPerson.event_id)
            .where(HistoryEvent.kind == EventKind.RENDITION_FAILED)
        ).one()
    assert "rendition:failed" in kinds
    assert told["asset_id"] == "Campaign/cut.jpg"
    assert share_of(installation, share_id).state is ShareState.OPEN


def test_a_share_stays_closed_on_a_damaged_photograph_if_its_owner_wants(installation, library):
    write_cut_photograph(library / "Campaign" / "cut.jpg")

    with pytest.raises(RenditionsMissing):
        publish(installation, a_request(on_failed_rendition="stay_closed"))

    assert count(installation, Outbox) == 0
    with installation.transaction() as session:
        assert session.scalars(select(Share.state)).one() is ShareState.PUBLISHING


def test_bad_files_of_a_folder_are_left_out_and_told(installation, library):
    (library / "Campaign" / "empty.jpg").touch()
    (library / "Campaign" / "away.jpg").symlink_to("/etc/hostname")

    share_id = publish(installation)

    with installation.transaction() as session:
        told = session.scalars(
            select(HistoryPerson.fields)
            .join(HistoryEvent, HistoryEvent.id == HistoryPerson.event_id)
            .where(HistoryEvent.share_id == share_id, HistoryEvent.kind == EventKind.ASSET_LEFT_OUT)
        ).all()
    assert {fields["source_key"] for fields in told} == {"Campaign/empty.jpg", "Campaign/away.jpg"}


def test_a_run_that_was_killed_is_finished_by_the_next_with_the_same_request(installation):
    request = a_request(request_key="spring")
    dead = claim_share(installation, request, run="dead")
    chunk = plan_chunks(installation, dead)[0]
    render_chunk(installation, chunk)

    # The dead run renews nothing: its lease of five seconds runs out, and the next takes over.
    share_id = publish(installation, request, run="alive")

    assert share_id == dead.share_id
    assert count(installation, Share) == 1
    assert share_of(installation, share_id).state is ShareState.OPEN


def test_a_run_that_lost_its_lease_writes_nothing_more(installation):
    first = claim_share(installation, a_request(request_key="spring"), run="first")
    with installation.transaction() as session:
        assert try_lease(session, first.share_id, holder="second", seconds=5) is None
        session.get_one(Share, first.share_id).lease_until = None
    with installation.transaction() as session:
        second = try_lease(session, first.share_id, holder="second", seconds=5)

    assert second.fence == first.fence + 1
    with pytest.raises(LeaseLost):
        build_page(installation, first)
    with installation.transaction() as session:
        assert hold(session, second).id == first.share_id


def test_a_live_run_keeps_its_lease(installation):
    claim = claim_share(installation, a_request(), run="alive")
    keeper = LeaseKeeper(installation, claim)
    with installation.transaction() as session:
        before = session.get_one(Share, claim.share_id).lease_until

    assert keeper._renew()

    assert share_of(installation, claim.share_id).lease_until > before


def test_recipients_get_a_grant_and_a_letter_each(installation, library):
    (library / "library.yaml").write_text(
        "users: {owner: {may_share: ['/']}}\n"
        "contacts: {press: [{address: maria@paper.example, name: Maria}, {address: jo@paper.example}]}\n"
    )

    publish(installation, a_request(contact_lists=["press", "press"]))

    with installation.transaction() as session:
        recipients = set(session.scalars(select(Grant.recipient)))
    assert recipients == {"", "maria@paper.example", "jo@paper.example"}
    assert count(installation, Outbox) == 2


def test_an_original_is_read_once(installation, library):
    first = resolve_selection(installation, a_request())
    readings = []
    true_read = originals.read_original
    originals.read_original = lambda *place: readings.append(place) or true_read(*place)
    try:
        again = resolve_selection(installation, a_request())
        write_photograph(library / "Campaign" / "ridge 1.jpg", seed=99)
        changed = resolve_selection(installation, a_request())
    finally:
        originals.read_original = true_read

    assert again.originals == first.originals
    assert [key for key, _ in readings] == ["Campaign/ridge 1.jpg"]
    assert (
        changed.originals["Campaign/ridge 1.jpg"].sha256
        != first.originals["Campaign/ridge 1.jpg"].sha256
    )


def test_what_an_error_left_unmade_is_free_for_the_next_try_of_the_same_run(
    installation, monkeypatch
):
    claim = claim_share(installation, a_request(), run="alive")
    (chunk,) = plan_chunks(installation, claim)
    adopt, adopted = installation.store.adopt_file, []

    def adopt_one(key, path):
        if adopted:
            raise OSError("No space left on device")
        adopted.append(key)
        adopt(key, path)

    monkeypatch.setattr(installation.store, "adopt_file", adopt_one)
    with pytest.raises(OSError, match="No space left"):
        render_chunk(installation, chunk)
    monkeypatch.undo()

    with installation.transaction() as session:
        assert RenditionState.MAKING not in set(session.scalars(select(Rendition.state)))
    render_chunk(installation, chunk)
    with installation.transaction() as session:
        assert set(session.scalars(select(Rendition.state))) == {RenditionState.PRESENT}
    assert count(installation, Rendition) == 16


def test_what_nobody_waits_for_any_more_is_told_to_stop(installation):
    job = Job(AN_ORDER, SharedAsset())
    with Progress(
        installation, {AN_ORDER.name: job}, Round("somebody:1", seconds=5), lambda: True
    ) as progress:
        assert progress.tell(AN_ORDER, 0.1)

    assert not progress.tell(AN_ORDER, 0.5)
