"""The company's look: on every page that knows its share, on no page that does not."""

import shutil
from datetime import UTC, datetime

import pytest
import pyvips
from pydantic import ValidationError
from sqlalchemy import update

from models import Share
from services.brands import SettingsChange, change_settings
from services.errors import LogoUnusable, SettingUnusable
from services.logos import keep_logo
from services.passwords import keep_password
from services.terms import keep_terms
from tests.publishing import a_request, link_of, publish

MARK = b'<svg xmlns="http://www.w3.org/2000/svg" width="60" height="20"><rect width="60" height="20" rx="4" fill="#8a3b1e"/></svg>'
SEEN = ["/brand/t1-8a3b1e.css", "https://halden.example/privacy", "Halden"]


@pytest.fixture
def brand(installation):
    change = SettingsChange(
        logo=keep_logo(installation, MARK),
        company="Halden",
        accent="#8a3b1e",
        privacy_url="https://halden.example/privacy",
    )
    return change_settings(installation, change, contact="press@halden.example", asked_by="test")


def protected(installation):
    password_id, _ = keep_password(installation, "larch meadow")
    return a_request(password=str(password_id))


def test_pages_carry_logo_colour_and_privacy_policy(installation, browser, brand):
    page = link_of(installation, publish(installation))

    for address in ("", "a/1/"):
        text = browser.get(page + address).text
        assert all(one in text for one in SEEN)
        assert 'alt="Halden"' in text


def test_gates_carry_the_brand_and_nothing_of_the_share(installation, browser, brand):
    terms = keep_terms(installation, {"en": "Print only."})
    pages = [
        link_of(installation, publish(installation, protected(installation))),
        link_of(installation, publish(installation, a_request(terms=terms))),
    ]

    for page in pages:
        text = browser.get(page).text
        assert all(one in text for one in SEEN)
        assert "Spring" not in text and "ridge" not in text


def test_a_closed_link_names_whom_to_write_to(installation, browser, brand):
    page = link_of(installation, publish(installation))
    with installation.transaction() as session:
        session.execute(update(Share).values(expires_at=datetime(2026, 1, 2, tzinfo=UTC)))

    text = browser.get(page).text

    assert 'href="mailto:press@halden.example"' in text
    assert "Write to Halden" in text


def test_what_is_not_found_carries_no_brand(installation, browser, brand):
    page = link_of(installation, publish(installation))

    for address in ("/s/AAAAAAAAAAAAAAAAAAAAAA/", page + "a/99/", "/elsewhere"):
        text = browser.get(address).text
        assert not any(one in text for one in SEEN)


def test_a_failure_of_ours_says_so_in_the_look_of_the_share(installation, browser, brand):
    share_id = publish(installation)
    page = link_of(installation, share_id)
    shutil.rmtree(installation.store.folder / "pages" / str(share_id))

    answer = browser.get(page)

    assert answer.status_code == 503
    assert "Something went wrong on our side" in answer.text
    assert all(one in answer.text for one in SEEN[:2])


def test_a_share_that_is_out_keeps_its_look(installation, browser, brand):
    page = link_of(installation, publish(installation))
    change_settings(installation, SettingsChange(accent="#0057ff"), asked_by="test")

    assert "t1-8a3b1e.css" in browser.get(page).text
    assert "t1-0057ff.css" in browser.get(link_of(installation, publish(installation))).text


def test_a_logo_that_is_switched_off_gives_way_to_the_name(installation, browser, brand):
    change_settings(installation, SettingsChange(show_company_logo="off"), asked_by="test")

    text = browser.get(link_of(installation, publish(installation))).text

    assert "/brand/t1-8a3b1e.css" in text and "<picture" not in text and "Halden" in text


def test_a_logo_is_drawn_large_and_served_as_our_own_picture(installation, browser, brand):
    text = browser.get(link_of(installation, publish(installation))).text
    src = text.partition('<img src="/brand/')[2].partition('"')[0]

    answer = browser.get(f"/brand/{src}")

    picture = pyvips.Image.new_from_buffer(answer.content, "")
    assert (picture.width, picture.height, picture.hasalpha()) == (576, 192, True)
    assert answer.headers["content-type"] == "image/webp"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert b"<svg" not in answer.content


@pytest.mark.parametrize(
    "name", ["", "x", "../keys.env", "0" * 32 + "-1x1.webp", "t1-8a3b1e.css.x"]
)
def test_no_other_name_is_served(browser, name):
    assert browser.get(f"/brand/{name}").status_code == 404


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html><script>alert(1)</script></html>",
        MARK.replace(b"<rect", b'<image href="file:///etc/passwd" width="9" height="9"/><rect')[
            :50
        ],
        b"GIF89a" + b"\0" * 20,
        b"x" * 2_000_001,
    ],
)
def test_what_is_no_picture_is_refused(installation, content):
    with pytest.raises(LogoUnusable):
        keep_logo(installation, content)


def test_a_logo_draws_nothing_from_elsewhere(installation, tmp_path):
    pyvips.Image.black(9, 9).pngsave(str(tmp_path / "neighbour.png"))
    reach = f'<image href="file://{tmp_path}/neighbour.png" width="60" height="20"/>'.encode()
    plain = keep_logo(installation, MARK)

    assert keep_logo(installation, MARK.replace(b"</svg>", reach + b"</svg>")) == plain


def test_a_faint_colour_is_set_and_the_nearest_that_passes_is_named(installation):
    changed, notes = change_settings(
        installation, SettingsChange(accent="#FFD400"), asked_by="test"
    )

    assert changed == ["accent"]
    assert len(notes) == 1
    assert "#ffd400" in notes[0] and "#836b00" in notes[0]


def test_setting_the_same_again_changes_nothing(installation, brand):
    again = change_settings(installation, SettingsChange(accent="#8a3b1e"), asked_by="test")

    assert again == ([], [])


@pytest.mark.parametrize(
    "wrong",
    [
        {"privacy_url": "http://halden.example"},
        {"privacy_url": "javascript:alert(1)"},
        {"privacy_url": 'https://x"onclick='},
        {"privacy_url": "https://" + "x" * 1001},
        {"accent": "red"},
        {"accent": "#12345"},
        {"logo": "https://halden.example/logo.svg"},
        {"logo": "../../keys.env"},
    ],
)
def test_what_cannot_be_set_is_refused_by_the_form(wrong):
    with pytest.raises(ValidationError):
        SettingsChange(**wrong)


def test_the_longest_address_of_a_privacy_policy_is_taken():
    longest = "https://" + "x" * 1000

    assert SettingsChange(privacy_url=longest).privacy_url == longest


def test_a_logo_that_was_never_uploaded_is_refused(installation):
    with pytest.raises(SettingUnusable, match="upload it"):
        change_settings(installation, SettingsChange(logo="0" * 32 + "-1x1.webp"), asked_by="test")


def test_a_contact_that_is_no_address_is_refused(installation):
    with pytest.raises(SettingUnusable, match="contact"):
        change_settings(installation, SettingsChange(), contact="nobody", asked_by="test")
