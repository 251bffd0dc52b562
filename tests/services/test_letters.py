import asyncio
from email import policy
from email.parser import BytesParser

from sqlalchemy import select

from models import Outbox
from models.kinds import LetterState
from services.dam.protocol import Contact
from services.history import list_kinds
from services.invitations import make_invitation
from services.letters import _take_letter, count_waiting_letters, send_waiting_letters
from tests.publishing import a_request, link_of, publish


def invite(installation, *addresses):
    people = [Contact(address, "Maria Rossi") for address in addresses]
    with installation.transaction() as session:
        return str(make_invitation(session, installation.seals, people).id)


def send(installation):
    return asyncio.run(send_waiting_letters(installation))


def test_a_letter_brings_its_recipient_a_link_of_their_own(installation, tmp_path):
    invitation = invite(installation, "maria@paper.example")
    share_id = publish(installation, a_request(invitation=invitation, message="Dear Maria."))

    assert send(installation) == 1

    (path,) = (tmp_path / "home" / "letters").glob("[!.]*.eml")
    letter = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
    link = link_of(installation, share_id, "maria@paper.example")
    text = letter.get_body(("plain",)).get_content()
    html = letter.get_body(("html",)).get_content()
    assert letter["To"] == "Maria Rossi <maria@paper.example>"
    assert link in text and link in html
    assert link_of(installation, share_id) not in text
    assert "Dear Maria." in text and "Dear Maria." in html
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_letter_is_sent_once_and_its_bytes_are_wiped(installation):
    share_id = publish(installation, a_request(invitation=invite(installation, "a@b.example")))

    assert [send(installation), send(installation)] == [1, 0]

    with installation.transaction() as session:
        row = session.scalars(select(Outbox)).one()
        kinds = list_kinds(session, share_id)
    assert (row.state, row.message_enc) == (LetterState.SENT, None)
    assert kinds.count("letter:sent") == 1


def test_a_letter_that_somebody_is_sending_waits_for_nobody_else(installation):
    publish(installation, a_request(invitation=invite(installation, "a@b.example")))
    assert _take_letter(installation) is not None

    assert _take_letter(installation) is None
    assert count_waiting_letters(installation) == 0


def test_no_token_lies_in_the_database_in_clear(installation, cluster, database):
    share_id = publish(installation, a_request(invitation=invite(installation, "a@b.example")))
    tokens = [link_of(installation, share_id, who).split("/")[-2] for who in ("", "a@b.example")]

    with cluster.connect(database) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall()
        for (table,) in tables:
            for row in connection.execute(f'SELECT t::text FROM "{table}" t').fetchall():
                assert not any(token in row[0] for token in tokens)
