"""Who guesses a password is stopped, and the owner is told."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from models import HistoryEvent, Share
from models.kinds import EventKind
from services.letters import send_waiting_letters
from services.passwords import keep_password
from tests.gateway.test_passwords import OWN, new_browser
from tests.publishing import a_request, link_of, publish

PASSWORD = "larch meadow"


@pytest.fixture
def share_id(installation):
    password_id, _ = keep_password(installation, PASSWORD)
    return publish(installation, a_request(password=str(password_id)))


@pytest.fixture
def page(installation, share_id):
    return link_of(installation, share_id)


def guess(installation, page, number, word=None):
    """One guess from a network of its own; the status of the answer."""
    browser = new_browser(installation, f"198.{18 + number // 250}.{number % 250}.1")
    form = {"password": word or f"wrong {number}"}
    return browser.post(page + "password", data=form, headers=OWN).status_code


def test_the_owner_gets_one_letter_when_strangers_are_shut_out(installation, page, share_id):
    with installation.transaction() as session:
        session.get_one(Share, share_id).owner_address = "anna@halden.example"
    for number in range(23):
        guess = {"password": f"wrong {number}"}
        new_browser(installation, f"198.51.{number}.1").post(
            page + "password", data=guess, headers=OWN
        )

    assert asyncio.run(send_waiting_letters(installation)) == 1
    (path,) = (installation.settings.home / "letters").glob("[!.]*.eml")
    letter = path.read_text()
    assert "To: owner" in letter.lower() or "anna@halden.example" in letter
    assert "takes no more guesses from strangers until" in letter.replace("=\n", "")
    assert page not in letter


def test_two_hundred_guesses_at_once_from_many_networks_shut_out_nobody_who_was_in(
    installation, page
):
    known = new_browser(installation)
    assert (
        known.post(page + "password", data={"password": PASSWORD}, headers=OWN).status_code == 200
    )

    with ThreadPoolExecutor(16) as threads:
        statuses = list(threads.map(lambda n: guess(installation, page, n), range(200)))

    assert statuses.count(401) <= 20
    assert statuses.count(401) + statuses.count(429) + statuses.count(503) == 200
    assert known.get(page).status_code == 200
    assert (
        known.post(page + "password", data={"password": PASSWORD}, headers=OWN).status_code == 200
    )
    with installation.transaction() as session:
        refused = session.query(HistoryEvent).where(HistoryEvent.kind == EventKind.PASSWORD_REFUSED)
        assert refused.count() == statuses.count(401)
