"""Terms: nothing is shown before they are accepted, and an acceptance is a thing on record."""

import hashlib

import pytest

from models import HistoryEvent, HistoryPerson, Share
from services.changes import ShareChange, change_share
from services.errors import UnknownTerms
from services.passwords import keep_password
from services.terms import keep_terms
from tests.gateway.test_gate import GUARDED, SECRETS, get_all_ways
from tests.gateway.test_passwords import OWN, enter, kinds, new_browser
from tests.publishing import a_request, link_of, publish

TEXTS = {"en": "# House rules\n\nPrint with credit *only*.", "it": "Stampare solo con credito."}


@pytest.fixture
def version(installation):
    return keep_terms(installation, TEXTS)


@pytest.fixture
def share_id(installation, version):
    return publish(installation, a_request(terms=version))


@pytest.fixture
def page(installation, share_id):
    return link_of(installation, share_id)


def accept(browser, page, version, **changes):
    form = {"accepted": "yes", "version": version, "language": "en"} | changes
    form = {name: value for name, value in form.items() if value is not None}
    return browser.post(page + "terms", data=form, headers=OWN, follow_redirects=False)


def assert_terms_alone(answer):
    assert answer.status_code == 403
    assert not any(secret in answer.content for secret in SECRETS)
    assert b"6 files" not in answer.content


@pytest.mark.parametrize("address", [*GUARDED, "receipt"])
def test_before_the_terms_are_accepted_every_door_shows_them_alone(browser, page, address):
    for answer in get_all_ways(browser, page + address):
        assert_terms_alone(answer)


@pytest.mark.parametrize("address", [*GUARDED, "receipt"])
def test_after_that_every_door_opens(browser, page, version, address):
    assert accept(browser, page, version).status_code == 303

    assert browser.get(page + address).status_code == 200


@pytest.mark.parametrize("address", GUARDED)
def test_other_terms_ask_again_and_the_old_acceptance_stays_on_record(
    installation, browser, page, share_id, version, address
):
    accept(browser, page, version)
    other = keep_terms(installation, {"en": "Other rules."})
    change_share(installation, str(share_id), ShareChange(terms=other), asked_by="test")

    for answer in get_all_ways(browser, page + address):
        assert_terms_alone(answer)
    assert accept(browser, page, version).status_code == 403
    assert accept(browser, page, other).status_code == 303
    assert kinds(installation, "terms:") == ["terms:accepted", "terms:accepted"]


def test_terms_can_be_taken_off(installation, browser, page, share_id):
    change_share(installation, str(share_id), ShareChange(terms="none"), asked_by="test")

    assert browser.get(page).status_code == 200


@pytest.mark.parametrize("form", [{"accepted": None}, {"accepted": ""}, {"accepted": "no"}])
def test_a_box_that_is_not_ticked_accepts_nothing(installation, browser, page, version, form):
    answer = accept(browser, page, version, **form)

    assert_terms_alone(answer)
    assert "Tick the box" in answer.text
    assert kinds(installation, "terms:") == []


@pytest.mark.parametrize("version_sent", ["", "0" * 64, "<script>"])
def test_a_form_of_another_version_accepts_nothing(installation, browser, page, version_sent):
    assert_terms_alone(accept(browser, page, version_sent))
    assert kinds(installation, "terms:") == []


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_accepts_nothing(installation, browser, page, method):
    for headers in ({}, {"sec-purpose": "prefetch"}, {"user-agent": "Mozilla/5.0 Safe Links"}):
        browser.request(method, page, headers=headers)

    assert browser.get(page + "terms").status_code == 405
    assert kinds(installation, "terms:") == []
    assert kinds(installation, "page:viewed") == []


def test_a_form_from_elsewhere_accepts_nothing(installation, browser, page, version):
    form = {"accepted": "yes", "version": version}
    answer = browser.post(page + "terms", data=form, headers={"sec-fetch-site": "cross-site"})

    assert answer.status_code == 403
    assert kinds(installation, "terms:") == []


def test_the_terms_are_behind_the_password(installation, browser, version):
    password_id, _ = keep_password(installation, "käse")
    request = a_request(terms=version, password=str(password_id))
    page = link_of(installation, publish(installation, request))

    assert "House rules" not in browser.get(page).text
    assert accept(browser, page, version).status_code == 401
    enter(browser, page)
    assert "House rules" in browser.get(page).text
    accept(browser, page, version)
    assert browser.get(page).status_code == 200


def test_the_record_holds_what_was_shown_and_what_is_personal_apart(
    installation, page, share_id, version
):
    accept(new_browser(installation, "203.0.113.9"), page, version, language="it")

    with installation.transaction() as session:
        event = session.query(HistoryEvent).where(HistoryEvent.kind == "terms:accepted").one()
        person = session.get_one(HistoryPerson, event.id)
    assert event.share_id == share_id
    assert event.payload["terms"] == version
    assert event.payload["language"] == "it"
    assert event.payload["shown"] == hashlib.sha256(TEXTS["it"].encode()).hexdigest()
    assert person.fields["network"] == "203.0.113.0/24"
    assert "203.0.113" not in str(event.payload)


def test_the_receipt_has_the_text_the_version_and_the_event(installation, browser, page, version):
    accept(browser, page, version, language="it")

    receipt = browser.get(page + "receipt")

    with installation.transaction() as session:
        event = session.query(HistoryEvent).where(HistoryEvent.kind == "terms:accepted").one()
    assert "attachment" in receipt.headers["content-disposition"]
    for part in (TEXTS["it"], version, str(event.event_key), "UTC"):
        assert part in receipt.text


def test_a_share_without_terms_has_no_receipt(installation, browser):
    page = link_of(installation, publish(installation))

    assert browser.get(page + "receipt").status_code == 404


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("it-IT,it;q=0.9,en;q=0.8", "credito"),
        ("de", "House rules"),
        ("", "House rules"),
        ("en;q=x,it", "credito"),
    ],
)
def test_the_terms_are_shown_in_the_readers_language(browser, page, asked, shown):
    assert shown in browser.get(page, headers={"accept-language": asked}).text


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "![x](https://evil.example/pixel.png)",
        '<img src=x onerror="alert(1)">',
        "<iframe src=https://evil.example></iframe>",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "<a href='https://evil.example' onclick='x()'>y</a>",
    ],
)
def test_hostile_terms_do_nothing(installation, browser, hostile):
    terms = keep_terms(installation, {"en": f"Rules.\n\n{hostile}"})
    page = link_of(installation, publish(installation, a_request(terms=terms)))

    html = browser.get(page).text.partition('<div class="text"')[2].partition("<form")[0]

    for sign in ("<script", "<img", "<iframe", 'href="javascript', 'href="data', "<a onclick"):
        assert sign not in html


def test_the_same_texts_are_the_same_version_and_are_kept_once(installation, version):
    assert keep_terms(installation, TEXTS) == version
    assert keep_terms(installation, {"en": TEXTS["en"]}) != version
    assert keep_terms(installation, dict(reversed(TEXTS.items()))) != version


def test_unknown_terms_are_refused_before_anything_is_made(installation):
    with pytest.raises(UnknownTerms, match="POST /terms"):
        publish(installation, a_request(terms="0" * 64))
    with installation.transaction() as session:
        assert session.query(Share).count() == 0


def test_the_application_cannot_change_or_remove_terms(installation, version):
    from sqlalchemy import text  # noqa: PLC0415
    from sqlalchemy.exc import ProgrammingError  # noqa: PLC0415

    for statement in ("UPDATE terms_version SET text = ''", "DELETE FROM terms_version"):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            installation.transaction() as s,
        ):
            s.execute(text(statement))
