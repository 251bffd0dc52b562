"""Formats made to order: asked for by a plain form, made once, offered to everybody of the share."""

import io
import threading
import zipfile
from datetime import UTC, datetime
from uuid import uuid4

import pytest
import pyvips
from sqlalchemy import event, func, select, update

from models import FormatRequest, Grant, Rendition, Share
from models.kinds import RequestState
from services.dam.protocol import Contact
from services.format_making import list_waiting, make_format, make_waiting
from services.history import list_kinds
from services.invitations import make_invitation
from tests.publishing import a_request, link_of, publish

OURS = {"sec-fetch-site": "same-origin"}
SMALL = {"medium": "picture", "width": "64", "height": "64", "encoder": "png"}


def ask(browser, page, fields=SMALL, place="a/1/formats/", headers=OURS):
    return browser.post(page + place, data=fields, headers=headers, follow_redirects=False)


def requests_of(installation):
    with installation.transaction() as session:
        return session.scalars(select(FormatRequest)).all()


def invite(installation, *names):
    with installation.transaction() as session:
        people = [Contact(f"{name}@paper.example", name) for name in names]
        return str(make_invitation(session, installation.seals, people).id)


def test_a_format_that_is_asked_for_is_made_and_offered_as_it_was_foretold(installation, browser):
    page = link_of(installation, publish(installation))

    foretold = browser.get(page + "a/1/formats/", params=SMALL)
    answer = ask(browser, page)
    waiting = browser.get(page + "a/1/formats/")
    make_waiting(installation)
    made = browser.get(page + "a/1/formats/")

    assert "64 × 43 px" in foretold.text
    assert (answer.status_code, answer.headers["location"]) == (303, f"{page}a/1/formats/")
    assert 'http-equiv="refresh"' in waiting.text and "waits" in waiting.text
    assert 'http-equiv="refresh"' not in made.text
    (wish,) = requests_of(installation)
    file = browser.get(f"{page}d/1/{wish.format}")
    assert f'href="../../../d/1/{wish.format}"' in made.text
    picture = pyvips.Image.new_from_buffer(file.content, "")
    assert (picture.width, picture.height, file.headers["content-type"]) == (64, 43, "image/png")


def test_to_be_told_a_size_leaves_no_trace(installation, browser):
    page = link_of(installation, publish(installation))

    browser.get(page + "a/1/formats/", params=SMALL)

    assert requests_of(installation) == []


def test_however_many_ask_in_however_many_shares_a_format_is_rendered_once(installation, browser):
    invitation = invite(installation, "maria", "jide")
    first = publish(installation, a_request(invitation=invitation))
    second = publish(installation, a_request(title="Again"))
    pages = [
        link_of(installation, first, "maria@paper.example"),
        link_of(installation, first, "jide@paper.example"),
        link_of(installation, second),
    ]
    for page in pages:
        assert ask(browser, page).status_code == 303

    makers = [
        threading.Thread(target=make_format, args=(installation, one))
        for one in list_waiting(installation)
    ]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()

    assert len(makers) == 2
    (name,) = {one.format for one in requests_of(installation)}
    bodies = {browser.get(f"{page}d/1/{name}").content for page in pages}
    assert len(bodies) == 1
    with installation.transaction() as session:
        is_small = Rendition.recipe["encoder"].astext == "png"
        assert session.scalar(select(func.count()).where(is_small)) == 1
    assert all(one.state is RequestState.DONE for one in requests_of(installation))


def test_a_whole_share_in_another_format_is_a_zip_of_its_own(installation, browser):
    page = link_of(installation, publish(installation))

    ask(browser, page, place="formats/")
    make_waiting(installation)
    (wish,) = requests_of(installation)
    told = browser.get(page + "formats/").text
    bundle = browser.get(f"{page}bundle/{wish.format}")

    assert f"bundle/{wish.format}" in told
    with zipfile.ZipFile(io.BytesIO(bundle.content)) as opened:
        names = opened.namelist()
        assert opened.testzip() is None
    assert sum(name.endswith(".png") for name in names) == 5
    assert any(name.endswith("notes.txt") for name in names)


def test_the_page_for_a_whole_share_reads_no_asset_in_full(installation, browser):
    page = link_of(installation, publish(installation))
    asked = []

    @event.listens_for(installation.engine, "before_cursor_execute")
    def note(connection, cursor, statement, *_):
        asked.append(statement)

    told = browser.get(page + "formats/", params=SMALL | {"width": "500", "height": "500"}).text

    assert "5 files" in told
    assert any("shared_asset" in one for one in asked)
    assert not any("shared_asset.parts" in one for one in asked)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"width": "5"}, "Picture: width"),
        ({"width": "8000", "height": "8000"}, "40 megapixels"),
        ({"format": "poster"}, "there is no format poster"),
        ({"format": "film"}, "cannot be made"),
        ({"medium": "sound"}, "cannot be made"),
    ],
)
def test_what_cannot_be_made_is_the_form_again_with_the_reason(
    installation, browser, fields, words
):
    page = link_of(installation, publish(installation))

    answer = ask(browser, page, fields)

    assert answer.status_code == 422
    assert words in answer.text
    assert requests_of(installation) == []


def test_a_share_has_no_more_formats_than_it_may_and_a_recipient_waits_for_no_more_than_three(
    installation, browser
):
    page = link_of(installation, publish(installation))
    for width in (20, 21, 22):
        assert ask(browser, page, SMALL | {"width": str(width)}).status_code == 303

    impatient = ask(browser, page, SMALL | {"width": "23"})

    assert (impatient.status_code, "3 formats are being made" in impatient.text) == (429, True)
    for width in range(24, 33):
        make_waiting(installation)
        assert ask(browser, page, SMALL | {"width": str(width)}).status_code == 303
    make_waiting(installation)
    full = ask(browser, page, SMALL | {"width": "99"})
    assert (full.status_code, "12 formats" in full.text) == (429, True)
    assert ask(browser, page, SMALL | {"width": "20"}).status_code == 303


def close_expired(installation):
    return update(Share).values(expires_at=datetime(2026, 1, 2, tzinfo=UTC)), 410


def close_revoked(installation):
    return update(Grant).values(revoked_at=datetime.now(UTC)), 404


def close_with_password(installation):
    return update(Share).values(password_hash="anything"), 401


def close_with_terms(installation):
    return update(Share).values(terms_version=None, is_downloadable=False), 403


@pytest.mark.parametrize(
    "close", [close_expired, close_revoked, close_with_password, close_with_terms]
)
def test_no_wish_is_taken_through_a_closed_door(installation, browser, close):
    page = link_of(installation, publish(installation))
    ask(browser, page)
    (wish,) = requests_of(installation)
    statement, status = close(installation)
    with installation.transaction() as session:
        session.execute(statement)

    answers = [
        ask(browser, page, SMALL | {"width": "77"}),
        ask(browser, page, place="formats/"),
        browser.post(f"{page}formats/{wish.id}/cancel", headers=OURS, follow_redirects=False),
    ]

    assert [one.status_code for one in answers] == [status] * 3
    (same,) = requests_of(installation)
    assert same.state is RequestState.WAITING


def test_a_form_that_another_site_sends_is_refused(installation, browser):
    page = link_of(installation, publish(installation))

    answer = ask(browser, page, headers={"sec-fetch-site": "cross-site"})

    assert answer.status_code == 403
    assert requests_of(installation) == []


def test_only_who_asked_first_can_cancel_and_then_nothing_is_made(installation, browser):
    share = publish(installation, a_request(invitation=invite(installation, "maria", "jide")))
    hers = link_of(installation, share, "maria@paper.example")
    his = link_of(installation, share, "jide@paper.example")
    ask(browser, hers)
    (wish,) = requests_of(installation)

    browser.post(f"{his}formats/{wish.id}/cancel", headers=OURS)
    (still,) = requests_of(installation)
    browser.post(f"{hers}formats/{wish.id}/cancel", headers=OURS)
    make_waiting(installation)

    assert still.state is RequestState.WAITING
    assert requests_of(installation)[0].state is RequestState.CANCELLED
    assert browser.get(f"{hers}d/1/{wish.format}").status_code == 404
    assert "was cancelled" in browser.get(f"{hers}a/1/formats/").text
    assert ask(browser, his).status_code == 303
    make_waiting(installation)
    assert browser.get(f"{his}d/1/{wish.format}").status_code == 200


def test_a_wish_of_one_share_cannot_be_cancelled_through_another(installation, browser):
    page = link_of(installation, publish(installation))
    other = link_of(installation, publish(installation, a_request(title="Other")))
    ask(browser, page)
    (wish,) = requests_of(installation)

    browser.post(f"{other}formats/{wish.id}/cancel", headers=OURS)
    browser.post(f"{other}formats/{uuid4()}/cancel", headers=OURS)

    assert requests_of(installation)[0].state is RequestState.WAITING


def test_a_maker_that_died_is_followed_by_another(installation, browser, set_clock):
    page = link_of(installation, publish(installation))
    ask(browser, page)
    (wish,) = requests_of(installation)
    with installation.transaction() as session:
        session.execute(
            update(FormatRequest).values(
                state=RequestState.MAKING, lease_until=datetime(2026, 1, 1, tzinfo=UTC)
            )
        )

    make_waiting(installation)

    assert browser.get(f"{page}d/1/{wish.format}").status_code == 200


def test_what_was_asked_for_and_made_is_on_record(installation, browser):
    share = publish(installation)
    page = link_of(installation, share)

    ask(browser, page)
    make_waiting(installation)

    with installation.transaction() as session:
        kinds = list_kinds(session, share)
    assert [kind for kind in kinds if kind.startswith("format:")] == [
        "format:requested",
        "format:made",
    ]
