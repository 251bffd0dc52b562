"""A share with a password, at every door and in every bad state."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from models import Grant, HistoryEvent, Share
from services.changes import ShareChange, change_share
from services.passwords import keep_password
from services.visit_seals import Visit, seal_visit
from tests.browsing import create_deaf_app
from tests.gateway.test_gate import GUARDED, SECRETS, change, get_all_ways
from tests.publishing import a_request, link_of, publish, share_of

OWN = {"sec-fetch-site": "same-origin"}
PASSWORD = "käse"


@pytest.fixture
def share_id(installation):
    password_id, _ = keep_password(installation, PASSWORD)
    return publish(installation, a_request(password=str(password_id)))


@pytest.fixture
def page(installation, share_id):
    return link_of(installation, share_id)


def enter(browser, page, password=PASSWORD, **headers):
    return browser.post(
        page + "password",
        data={"password": password},
        headers=OWN | headers,
        follow_redirects=False,
    )


def new_browser(installation, address="203.0.113.9"):
    app = create_deaf_app(installation)
    return TestClient(app, raise_server_exceptions=False, client=(address, 50000))


def assert_nothing_is_said(answer):
    assert answer.status_code == 401
    assert not any(secret in answer.content for secret in SECRETS)


@pytest.mark.parametrize("address", GUARDED)
def test_without_a_visit_every_door_shows_the_form_and_nothing_else(browser, page, address):
    for answer in get_all_ways(browser, page + address):
        assert_nothing_is_said(answer)


@pytest.mark.parametrize("address", GUARDED)
def test_with_the_password_every_door_opens(browser, page, address):
    assert enter(browser, page).status_code == 303

    assert browser.get(page + address).status_code == 200


@pytest.mark.parametrize("address", GUARDED)
def test_a_visit_of_another_share_opens_nothing(installation, browser, page, address):
    password_id, _ = keep_password(installation, PASSWORD)
    other = link_of(installation, publish(installation, a_request(password=str(password_id))))
    enter(browser, other)
    (visit,) = browser.cookies.values()
    enter(new_browser(installation), page)
    browser.cookies.clear()
    for name in [name_of_cookie(installation, page)]:
        browser.cookies.set(name, visit)

    for answer in get_all_ways(browser, page + address):
        assert_nothing_is_said(answer)


def name_of_cookie(installation, page):
    other = new_browser(installation)
    return enter(other, page).headers["set-cookie"].partition("=")[0]


@pytest.mark.parametrize("address", GUARDED)
def test_a_changed_password_ends_every_visit_at_once(
    installation, browser, page, share_id, address
):
    enter(browser, page)
    password_id, _ = keep_password(installation, "another")
    change_share(
        installation, str(share_id), ShareChange(password=str(password_id)), asked_by="test"
    )

    for answer in get_all_ways(browser, page + address):
        assert_nothing_is_said(answer)
    assert enter(browser, page).status_code == 401
    assert enter(browser, page, "another").status_code == 303


def test_a_removed_password_is_asked_of_nobody(installation, browser, page, share_id):
    change_share(installation, str(share_id), ShareChange(password="none"), asked_by="test")

    assert browser.get(page).status_code == 200


def test_a_password_can_be_put_on_a_live_share(installation, browser):
    share_id = publish(installation)
    page = link_of(installation, share_id)
    assert browser.get(page).status_code == 200
    password_id, _ = keep_password(installation, PASSWORD)
    change_share(
        installation, str(share_id), ShareChange(password=str(password_id)), asked_by="test"
    )

    assert_nothing_is_said(browser.get(page))


def test_a_visit_ends_after_twelve_hours(installation, browser, page, set_clock):
    moment = datetime(2030, 5, 1, 12, tzinfo=UTC)
    set_clock(moment)
    enter(browser, page)
    set_clock(moment + timedelta(hours=12) - timedelta(milliseconds=1))
    assert browser.get(page).status_code == 200
    set_clock(moment + timedelta(hours=12))

    assert browser.get(page).status_code == 401


@pytest.mark.parametrize("forged", ["", "x", "AAAA" * 20, "é", "%00", "A" * 4000])
def test_a_forged_visit_opens_nothing(installation, page, forged):
    browser = new_browser(installation)
    name = name_of_cookie(installation, page)

    answer = browser.get(page, headers={"cookie": f"{name}={forged}".encode("latin-1")})

    assert answer.status_code == 401


def test_a_visit_for_another_grant_of_the_same_share_opens_nothing(installation, browser, page):
    name = name_of_cookie(installation, page)
    with installation.transaction() as session:
        share = session.query(Share).one()
    stranger = Visit(share.id, share.password_epoch, datetime.now(UTC))
    browser.cookies.set(name, seal_visit(installation.seals, stranger))

    assert browser.get(page).status_code == 401


@pytest.mark.parametrize("wrong", ["", "Käse", "kase", "x" * 300, "käse\x00", "' OR 1=1 --"])
def test_a_wrong_password_gets_the_form_again_and_is_not_repeated(browser, page, wrong):
    answer = enter(browser, page, wrong)

    assert answer.status_code == 401
    assert "This is not the password" in answer.text
    assert "set-cookie" not in answer.headers
    assert not wrong or wrong not in answer.text


def test_the_same_letters_typed_otherwise_are_the_same_password(browser, page):
    assert enter(browser, page, " käse ").status_code == 303


def test_the_visit_is_kept_where_no_script_reads_it(browser, page):
    cookie = enter(browser, page).headers["set-cookie"].lower()

    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/" in cookie
    assert page.strip("/").rpartition("/")[2].lower() not in cookie


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": ""},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"referer": "https://evil.example/127.0.0.1:8300"},
        {},
    ],
)
def test_a_form_from_elsewhere_is_refused_and_counts_for_nothing(
    browser, page, headers, installation
):
    answer = browser.post(page + "password", data={"password": PASSWORD}, headers=headers)

    assert answer.status_code == 403
    assert kinds(installation, "password:") == []


def test_an_old_browser_that_names_our_origin_is_let_in(installation, browser, page):
    headers = {"origin": installation.settings.public_url}
    answer = browser.post(
        page + "password", data={"password": PASSWORD}, headers=headers, follow_redirects=False
    )

    assert answer.status_code == 303


def close_revoked(installation):
    change(installation, Grant, revoked_at=datetime.now(UTC))


def close_share(installation):
    change(installation, Share, state="revoked")


@pytest.mark.parametrize("close", [close_revoked, close_share])
def test_the_form_of_a_closed_share_looks_like_one_that_never_was(
    installation, browser, page, close
):
    close(installation)

    answer, never = enter(browser, page), enter(browser, "/s/AAAAAAAAAAAAAAAAAAAAAA/")

    assert (answer.status_code, answer.content) == (404, never.content)


def test_the_form_of_an_expired_share_says_that_it_expired(installation, browser, page):
    change(installation, Share, expires_at=datetime(2026, 1, 2, tzinfo=UTC))

    assert enter(browser, page).status_code == 410


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_the_form_takes_nothing_but_a_post(browser, page, method):
    assert browser.request(method, page + "password").status_code == 405


def test_five_wrong_guesses_close_the_door_for_that_network_and_nobody_else(
    installation, page, set_clock
):
    moment = datetime(2030, 5, 1, 12, tzinfo=UTC)
    set_clock(moment)
    guesser, neighbour = new_browser(installation), new_browser(installation, "203.0.113.77")
    other = new_browser(installation, "198.51.100.7")
    statuses = [enter(guesser, page, f"wrong {n}").status_code for n in range(6)]

    assert statuses == [401] * 5 + [429]
    assert enter(guesser, page).status_code == 429
    assert enter(neighbour, page).status_code == 429
    assert enter(other, page).status_code == 303
    set_clock(moment + timedelta(minutes=15))
    assert enter(guesser, page).status_code == 303
    assert kinds(installation, "password:closed") == ["password:closed"]


def test_a_device_that_once_knew_the_password_stays_welcome(installation, page, set_clock):
    moment = datetime(2030, 5, 1, 12, tzinfo=UTC)
    set_clock(moment)
    friend = new_browser(installation)
    enter(friend, page)
    set_clock(moment + timedelta(hours=13))
    for n in range(6):
        enter(new_browser(installation), page, f"wrong {n}")

    assert enter(new_browser(installation), page).status_code == 429
    assert enter(friend, page).status_code == 303


def test_guesses_at_the_same_moment_are_not_more_than_an_hour_allows(installation, page):
    def guess(n):
        return enter(new_browser(installation, f"10.0.{n}.1"), page, "wrong").status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(guess, range(40)))

    assert statuses.count(401) == 20
    assert statuses.count(429) == 20


def test_a_request_for_a_password_that_nobody_gave_is_refused(installation):
    from services.errors import UnknownPassword  # noqa: PLC0415

    with pytest.raises(UnknownPassword, match="the desk gives an id"):
        publish(installation, a_request(password="01a20a75-8d34-7b95-a621-ef5267e432c7"))
    with installation.transaction() as session:
        assert session.query(Share).count() == 0


def test_neither_the_password_nor_its_letters_stand_in_a_row(installation, browser, page, share_id):
    enter(browser, page)

    share = share_of(installation, share_id)
    key_id, _, hashed = share.password_hash.partition("$")
    assert key_id == installation.seals.key_id.hex()
    assert hashed.startswith("argon2id$v=19$m=19456,t=2,p=1$")
    with installation.transaction() as session:
        events = session.query(HistoryEvent).all()
    assert not any(PASSWORD in str(event.payload) for event in events)
    assert kinds(installation, "password:") == ["password:accepted"]


def kinds(installation, prefix):
    with installation.transaction() as session:
        events = session.query(HistoryEvent).order_by(HistoryEvent.id).all()
    return [event.kind.value for event in events if event.kind.value.startswith(prefix)]
