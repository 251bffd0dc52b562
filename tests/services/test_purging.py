import asyncio
import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, inspect, select, text
from sqlalchemy.exc import IntegrityError

from models import (
    Base,
    HistoryEvent,
    HistoryPerson,
    Password,
    PurgeItem,
    RenditionRef,
    Share,
    ShareRun,
)
from models.kinds import EventKind, PurgeKind, ShareState
from services.changes import ShareChange, change_share, revoke_share
from services.clock import read_clock
from services.closing import expire_shares
from services.errors import ChangeRefused, LeaseLost, ShareOver
from services.freezing import claim_share
from services.leases import Claim, hold
from services.leftovers import forget_leftovers
from services.letters import send_waiting_letters
from services.passwords import keep_password
from services.purge_list import list_bound_tables
from services.purging import begin_purges, carry_out_purges, list_runs, note_forgotten
from services.scrubbing import LASTING
from services.shares import find_status
from tests.publishing import a_request, publish, share_of
from tests.services.test_letters import invite

RECIPIENT = "maria@paper.example"
TITLE = "Unveiling in Helsinki"
#: Tables that hold nothing of a share, and what they hold instead.
OF_THE_PLATFORM = {
    "brand": "how pages look",
    "format": "the catalogue",
    "history_event": "the history, which outlives what it tells of",
    "history_person": "erased by its events",
    "history_seal": "the chain over the history",
    "inspection": "what originals say: forgotten when no share has them",
    "invitation": "lists of addresses: go with their share",
    "password": "hashes: go with their share",
    "purge_item": "the work list itself",
    "rendition": "by content: collected when no share refers to them",
    "seen_original": "what originals are: forgotten when no share has them",
    "share": "its row is emptied",
    "signing_key": "keys",
    "terms_version": "kept for ever",
}


@pytest.fixture
def closed(installation, set_clock):
    """A share with all that a share can have, thirty days after it was revoked; its request."""
    password, _ = keep_password(installation, "larch meadow 12")
    request = a_request(
        title=TITLE,
        request_key="spring",
        invitation=invite(installation, RECIPIENT),
        message="Dear Maria, look.",
        password=str(password),
        visibility="complete",
    )
    share_id = publish(installation, request)
    asyncio.run(send_waiting_letters(installation))
    revoke_share(installation, str(share_id), asked_by="test")
    pass_days(installation, set_clock, 30)
    return share_id, request


def pass_days(installation, set_clock, days):
    with installation.transaction() as session:
        set_clock(read_clock(session) + timedelta(days=days, seconds=1))


def purge(installation):
    begin_purges(installation)
    note_forgotten(installation, list_runs(installation, 100))
    return carry_out_purges(installation)


def test_of_a_purged_share_only_an_empty_row_and_its_history_without_names_are_left(
    installation, closed
):
    share_id, _ = closed

    assert purge(installation).purged == (share_id,)

    share = share_of(installation, share_id)
    assert share.state is ShareState.PURGED
    assert (share.title, share.message, share.owner_name, share.password_hash) == ("", "", "", "")
    with installation.transaction() as session:
        for table, condition in list_bound_tables():
            left = session.scalar(
                select(func.count()).select_from(table).where(condition([share_id]))
            )
            assert left == 0, table.name
        assert session.scalar(select(func.count()).select_from(Password)) == 0
    assert not list(installation.store.list_keys(f"pages/{share_id}/"))
    assert not list(installation.store.list_keys(f"plans/{share_id}/"))
    assert not list((installation.settings.home / "letters").iterdir())


def test_the_receipt_tells_how_much_went_and_the_same_list_gives_the_same_digest(
    installation, closed
):
    share_id, _ = closed
    begin_purges(installation)
    with installation.transaction() as session:
        items = session.scalars(select(PurgeItem)).all()
        sums = {kind: sum(one.count for one in items if one.kind is kind) for kind in PurgeKind}

    purge(installation)

    with installation.transaction() as session:
        receipt = session.scalars(
            select(HistoryEvent).where(HistoryEvent.kind == EventKind.SHARE_PURGED)
        ).one()
    assert receipt.share_id == share_id
    assert receipt.payload["removed"] == {kind.value: count for kind, count in sums.items()}
    assert sums[PurgeKind.LETTER] == sums[PurgeKind.RUN] == 1
    assert len(receipt.payload["keys"]) == 64 and receipt.payload["version"]


def test_nothing_is_purged_before_its_time(installation, closed, set_clock):
    pass_days(installation, set_clock, -1)

    assert begin_purges(installation) == 0


def test_an_expired_share_is_purged_thirty_days_after_its_end_and_one_that_was_extended_is_not(
    installation, set_clock
):
    gone, kept = (
        publish(installation, a_request(expires_on="2030-05-01", request_key=key))
        for key in ("gone", "kept")
    )
    set_clock(share_of(installation, gone).expires_at + timedelta(days=30))
    expire_shares(installation)
    change_share(installation, "kept", ShareChange(expires_on="2031-01-01"), asked_by="test")

    assert purge(installation).purged == (gone,)
    assert share_of(installation, kept).state is ShareState.OPEN


def test_what_two_shares_have_in_common_stays_for_the_other_one(installation, closed, set_clock):
    share_id, request = closed
    other = publish(installation, request.model_copy(update={"request_key": "summer"}))

    assert purge(installation).purged == (share_id,)

    with installation.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Password)) == 1
        refs = session.scalars(select(RenditionRef.share_id).distinct()).all()
    assert refs == [other]
    assert find_status(installation, "summer", asked_by="test").link


def test_from_the_beginning_of_the_purge_on_nothing_takes_the_share_back(installation, closed):
    share_id, request = closed
    begin_purges(installation)

    with pytest.raises(ChangeRefused, match="is purging"):
        change_share(installation, str(share_id), ShareChange(expires_on="never"), asked_by="test")
    with pytest.raises(ShareOver, match="send the request with a new one"):
        claim_share(installation, request, run="late")


def test_whoever_was_asleep_writes_nothing_more_to_a_share_that_is_being_purged(
    installation, closed
):
    share_id, _ = closed
    late = Claim(share_id, share_of(installation, share_id).fence)
    purge(installation)

    with pytest.raises(LeaseLost), installation.transaction() as session:
        hold(session, late)
    late_row = RenditionRef(share_id=share_id, position=1, format="web", key="f00d")
    with pytest.raises(IntegrityError, match="being purged"), installation.transaction() as session:
        session.add(late_row)


def test_every_table_that_is_bound_to_a_share_refuses_late_rows(installation, owner_connection):
    guarded = {
        name
        for (name,) in owner_connection.execute(
            "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE '%_is_in_time'"
        ).fetchall()
    }
    direct = {t.name for t, _ in list_bound_tables() if "share_id" in t.columns}

    assert {name.strip('"') for name in guarded} == direct


def test_no_table_and_no_column_is_forgotten(installation):
    bound = {table.name for table, _ in list_bound_tables()}

    assert bound | set(OF_THE_PLATFORM) == set(inspect(installation.engine).get_table_names()) - {
        "alembic_version"
    }
    assert not bound & set(OF_THE_PLATFORM)
    assert set(Share.__table__.columns.keys()) >= LASTING
    assert set(Base.metadata.tables) == bound | set(OF_THE_PLATFORM)


def test_a_share_waits_until_prefect_has_forgotten_its_runs(installation, closed):
    share_id, _ = closed
    begin_purges(installation)

    assert carry_out_purges(installation).left == (share_id,)
    assert carry_out_purges(installation).left == (share_id,)
    with installation.transaction() as session:
        assert session.scalar(select(func.count()).select_from(ShareRun)) == 0

    assert purge(installation).purged == (share_id,)


def test_what_is_found_to_be_left_is_no_purge_and_goes_the_next_time(
    installation, closed, monkeypatch
):
    share_id, _ = closed
    begin_purges(installation)
    note_forgotten(installation, list_runs(installation, 100))
    monkeypatch.setattr(installation.store, "delete_folder", lambda _: None)
    assert carry_out_purges(installation).left == (share_id,)
    monkeypatch.undo()

    assert carry_out_purges(installation).purged == (share_id,)


def test_three_who_purge_at_once_leave_one_receipt_for_each_share(installation, closed, set_clock):
    shares = [closed[0]]
    for number in range(3):
        shares.append(publish(installation, a_request(request_key=f"more-{number}")))
        revoke_share(installation, str(shares[-1]), asked_by="test")
    pass_days(installation, set_clock, 30)
    threads = [threading.Thread(target=purge, args=(installation,)) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    purge(installation)

    with installation.transaction() as session:
        told = session.scalars(
            select(HistoryEvent.share_id).where(HistoryEvent.kind == EventKind.SHARE_PURGED)
        ).all()
    assert sorted(told) == sorted(shares)


def test_who_accepted_terms_is_kept_for_as_long_as_the_operator_needs_it(
    installation, closed, set_clock, monkeypatch
):
    share_id, _ = closed
    with installation.transaction() as session:
        grant = session.execute(text("SELECT id FROM \"grant\" WHERE recipient <> ''")).scalar_one()
        accepted = HistoryEvent(
            event_key=share_id,
            kind=EventKind.TERMS_ACCEPTED,
            share_id=share_id,
            grant_id=grant,
            actor="recipient",
            payload={},
        )
        session.add(accepted)
        session.flush()
        session.add(HistoryPerson(event_id=accepted.id, salt=b"", fields={"address": "::1"}))
    keeping = installation.settings.model_copy(update={"evidence_retention_days": 365})
    monkeypatch.setattr(installation, "settings", keeping)

    assert purge(installation).purged == (share_id,)
    forget_leftovers(installation)
    assert kept_of(installation, share_id) == [{"address": RECIPIENT}, {"address": "::1"}]

    pass_days(installation, set_clock, 366)
    forget_leftovers(installation)
    assert kept_of(installation, share_id) == []


def kept_of(installation, share_id):
    statement = (
        select(HistoryPerson.fields)
        .join(HistoryEvent, HistoryEvent.id == HistoryPerson.event_id)
        .where(HistoryEvent.share_id == share_id)
        .order_by(HistoryEvent.id)
    )
    with installation.transaction() as session:
        return list(session.scalars(statement))
