import asyncio
from uuid import UUID

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from models import Grant, HistoryEvent, HistoryPerson, Invitation, Outbox
from models.kinds import EventKind
from services.bundles.signature import read_keys
from services.chain.checking import verify_history
from services.chain.sealing import seal_waiting
from services.dam.protocol import Contact
from services.erasure import erase_person
from services.errors import UnknownPerson
from services.history import event_key, record
from services.invitations import make_invitation, read_invitation
from services.letters import send_waiting_letters
from services.signing import read_public_keys
from tests.browsing import create_deaf_app
from tests.publishing import a_request, link_of, publish

MARIA, PETER = "Maria@paper.example", "peter@paper.example"


@pytest.fixture
def invited(installation):
    """A share of two recipients, who both looked at it; their letters are in the mail folder."""
    with installation.transaction() as session:
        people = [Contact(MARIA, "Maria"), Contact(PETER, "Peter")]
        invitation = str(make_invitation(session, installation.seals, people).id)
    share_id = publish(installation, a_request(invitation=invitation))
    asyncio.run(send_waiting_letters(installation))
    browser = TestClient(create_deaf_app(installation))
    links = {one: link_of(installation, share_id, one) for one in (MARIA, PETER)}
    for link in links.values():
        assert browser.get(link).status_code == 200
    return browser, links


def erase(installation, address="maria@PAPER.example"):
    return erase_person(installation, address, asked_by="test")


def read_everything(installation, cluster, database):
    """All rows of all tables as text, and the letters."""
    found = []
    with cluster.connect(database) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in tables.fetchall():
            found += connection.execute(f'SELECT t::text FROM "{table}" t').fetchall()
    letters = (installation.settings.home / "letters").iterdir()
    return str(found) + "".join(one.read_text() for one in letters)


def test_nothing_names_the_person_any_more_and_the_other_is_as_before(
    installation, cluster, database, invited
):
    assert MARIA in read_everything(installation, cluster, database)

    erased = erase(installation)

    assert (erased.grants, erased.letters, erased.invitations) == (1, 1, 1)
    assert erased.events >= 2  # the letter that was queued, the page that was viewed
    everything = read_everything(installation, cluster, database)
    assert "maria" not in everything.lower()
    assert PETER in everything
    with installation.transaction() as session:
        row = session.query(Invitation).one()
        assert read_invitation(installation.seals, row) == [Contact(PETER, "Peter")]
        assert row.recipient_count == 1


def test_the_link_of_the_erased_is_closed_and_no_other(installation, invited):
    browser, links = invited

    erase(installation)

    assert browser.get(links[MARIA]).status_code == 404
    assert browser.get(links[PETER]).status_code == 200


def test_that_somebody_was_erased_is_on_record_with_counts_and_without_a_name(
    installation, invited
):
    erased = erase(installation)

    with installation.transaction() as session:
        events = session.query(HistoryEvent).order_by(HistoryEvent.id).all()
        [told] = [one for one in events if one.kind is EventKind.PERSON_ERASED]
        assert told.payload == {
            "events": erased.events, "grants": 1, "letters": 1, "invitations": 1, "door": "test"
        }  # fmt: skip
        assert told.person_commitment is None
        closed = [one for one in events if one.kind is EventKind.LINK_REVOKED]
        assert [one.payload for one in closed] == [{"door": "test"}]


def test_the_chain_is_proven_after_an_erasure_as_before(installation, invited):
    seal_waiting(installation)
    keys = read_keys(read_public_keys(installation))
    before = verify_history(installation, keys)

    erase(installation)
    seal_waiting(installation)

    after = verify_history(installation, keys)
    assert before.is_proven() and after.is_proven()
    assert after.events == before.events + 2


def test_events_of_others_keep_what_lies_beside_them(installation, invited):
    with installation.transaction() as session:
        before = session.query(HistoryPerson).count()

    erased = erase(installation)

    with installation.transaction() as session:
        assert session.query(HistoryPerson).count() == before - erased.events
        peter = session.query(Grant).where(Grant.recipient == PETER).one()
        kept = (
            session.query(HistoryPerson)
            .join(HistoryEvent, HistoryEvent.id == HistoryPerson.event_id)
            .where(HistoryEvent.grant_id == peter.id)
        )
        assert kept.count() >= 2


def test_a_letter_that_still_waits_is_never_sent(installation):
    with installation.transaction() as session:
        invitation = str(make_invitation(session, installation.seals, [Contact(MARIA, "M")]).id)
    publish(installation, a_request(invitation=invitation))

    erase(installation)

    assert asyncio.run(send_waiting_letters(installation)) == 0
    with installation.transaction() as session:
        assert session.query(Outbox).count() == 0


def test_what_is_kept_of_a_purged_share_as_evidence_is_erased_as_well(installation):
    grant = UUID(int=9)
    with installation.transaction() as session:
        for kind, address in (
            (EventKind.LETTER_QUEUED, MARIA),
            (EventKind.TERMS_ACCEPTED, "10.0.0.7"),
        ):
            record(session, kind, key=event_key(kind), grant_id=grant, person={"address": address})

    assert erase(installation).events == 2


def test_somebody_who_looked_very_often_is_erased_as_well(installation, invited, owner_connection):
    with installation.transaction() as session:
        grant = session.query(Grant).where(Grant.recipient == MARIA).one()
    owner_connection.execute(
        "WITH told AS (INSERT INTO history_event (event_key, kind, grant_id, actor, payload,"
        " payload_version) SELECT gen_random_uuid(), 'page:viewed', %s, 'recipient', '{}', 1"
        " FROM generate_series(1, 70000) RETURNING id)"
        " INSERT INTO history_person SELECT id, '', '{}' FROM told",
        [grant.id],
    )

    assert erase(installation).events > 70_000


def test_whoever_is_not_known_is_not_erased(installation, invited):
    for address in ("nobody@paper.example", "maria", ""):
        with pytest.raises(UnknownPerson):
            erase(installation, address)
    erase(installation)
    with pytest.raises(UnknownPerson):
        erase(installation)


def test_everybodys_link_is_nobodys(installation, invited):
    erase(installation)

    with installation.transaction() as session:
        assert session.query(Grant).where(Grant.recipient == "").one().revoked_at is None
        assert session.scalar(text('SELECT count(*) FROM "grant"')) == 3
