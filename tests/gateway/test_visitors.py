"""Machines open links too: their looks are told apart, and move nothing."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from models import HistoryEvent, Outbox
from models.kinds import EventKind, VisitorClass
from services.dam.protocol import Contact
from services.invitations import make_invitation
from services.letters import send_waiting_letters
from services.shares import find_status
from services.terms import keep_terms
from services.visitors import classify, describe_visitor
from tests.publishing import a_request, link_of, publish

NOW = datetime(2026, 6, 1, tzinfo=UTC)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
BROWSER = {"user-agent": FIREFOX, "sec-fetch-mode": "navigate", "sec-fetch-site": "none"}
MACHINES = [
    ({"user-agent": "curl/8.5.0"}, VisitorClass.SCANNER),
    ({"user-agent": FIREFOX}, VisitorClass.SCANNER),
    ({}, VisitorClass.SCANNER),
    (BROWSER | {"user-agent": "BarracudaScan/1.0"}, VisitorClass.SCANNER),
    (BROWSER | {"user-agent": FIREFOX + " SkypeUriPreview"}, VisitorClass.SCANNER),
    (BROWSER | {"sec-purpose": "prefetch"}, VisitorClass.PREFETCH),
    (BROWSER | {"sec-purpose": "prefetch;prerender"}, VisitorClass.PREFETCH),
    (BROWSER | {"purpose": "prefetch"}, VisitorClass.PREFETCH),
]


@pytest.mark.parametrize(("headers", "expected"), [*MACHINES, (BROWSER, VisitorClass.HUMAN)])
def test_machines_are_told_from_people_by_what_they_say(headers, expected):
    visitor = describe_visitor("198.51.100.7", headers)

    assert classify(visitor, letter_sent_at=None, now=NOW) is expected


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0, "scanner"), (59.9, "scanner"), (60, "human"), (None, "human")]
)
def test_who_comes_with_the_letter_is_the_scanner_of_the_mail(seconds, expected):
    sent_at = None if seconds is None else NOW - timedelta(seconds=seconds)
    visitor = describe_visitor("198.51.100.7", BROWSER)

    assert classify(visitor, letter_sent_at=sent_at, now=NOW).value == expected


def test_scanners_and_prefetches_move_nothing(installation, browser):
    terms = keep_terms(installation, {"en": "Print only."})
    page = link_of(installation, publish(installation, a_request(terms=terms)))

    for headers, _ in MACHINES:
        for address in ("", "a/1/", "terms", "d/1/original"):
            browser.get(page + address, headers=headers)
            browser.head(page + address, headers=headers)

    with installation.transaction() as session:
        kinds = Counter(event.kind for event in session.query(HistoryEvent))
    assert kinds[EventKind.TERMS_ACCEPTED] == kinds[EventKind.DOWNLOAD_STARTED] == 0
    assert browser.get(page).status_code == 403


def test_an_owner_sees_people_and_machines_apart_and_downloads_alone(installation, browser):
    share_id = publish(installation)
    page = link_of(installation, share_id)
    browser.headers.clear()
    for headers, _ in MACHINES:
        browser.get(page, headers=headers)
    for headers in (BROWSER, BROWSER):
        browser.get(page, headers=headers)
    browser.head(page, headers=BROWSER)
    browser.get(page + "i/1/1/thumbnail", headers=BROWSER)
    browser.get(page + "d/1/original", headers=BROWSER)
    browser.head(page + "d/2/original", headers=BROWSER)

    status = find_status(installation, str(share_id), asked_by="test")

    assert status.views == {"human": 1, "scanner": 5, "prefetch": 1}
    assert status.downloads == 1


def test_a_look_right_after_the_letter_went_out_is_a_machines(installation, browser):
    with installation.transaction() as session:
        people = [Contact("maria@paper.example", "Maria")]
        invitation = str(make_invitation(session, installation.seals, people).id)
    share_id = publish(installation, a_request(invitation=invitation))
    page = link_of(installation, share_id, "maria@paper.example")
    asyncio.run(send_waiting_letters(installation))

    browser.get(page, headers=BROWSER)
    with installation.transaction() as session:
        earlier = Outbox.sent_at - timedelta(minutes=5)
        session.execute(update(Outbox).values(sent_at=earlier))
    browser.get(page, headers=BROWSER)

    assert find_status(installation, str(share_id), asked_by="test").views == {
        "human": 1,
        "scanner": 1,
        "prefetch": 0,
    }
