"""Every route against every bad state: a route that is not in the table fails the suite."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from gateway.app import ROUTES
from models import Grant, Share, SharedAsset
from tests.publishing import a_request, link_of, publish

#: For each route an address below the share's page, or none where no share stands behind it.
ADDRESSES = {
    "/s/{token}/": "",
    "/s/{token}/page/{number:int}/": "page/1/",
    "/s/{token}/page/{number:int}/colours.css": "page/1/colours.css",
    "/s/{token}/a/{position:int}/": "a/1/",
    "/s/{token}/i/{position:int}/{part:int}/{format}": "i/1/1/thumbnail",
    "/s/{token}/d/{position:int}/{format}": "d/1/original",
    "/s/{token}/bundle/{format}": "bundle/original",
    # What is picked: test_selections.py walks both through every bad state.
    "/s/{token}/selection": None,
    "/s/{token}/selection/{selection}/{format}": None,
    "/s/{token}/formats/": "formats/",
    "/s/{token}/a/{position:int}/formats/": "a/1/formats/",
    # Takes a form: test_formats.py walks it through every bad state.
    "/s/{token}/formats/{request:uuid}/cancel": None,
    # The doors that take something in, and the receipt: test_passwords.py and test_terms.py walk them through every bad state.
    "/s/{token}/password": None,
    "/s/{token}/terms": None,
    "/s/{token}/receipt": None,
    "/static/{name}": None,
    # Of the company, not of a share: test_brand.py.
    "/brand/{name}": None,
    # Public keys, for everybody.
    "/keys.json": None,
    "/healthz": None,
    "/readyz": None,
}
GUARDED = [address for address in ADDRESSES.values() if address is not None]
DOWNLOADS = [
    "d/1/original",
    "d/1/large",
    "d/1/web",
    "bundle/original",
    "bundle/large",
    "bundle/web",
    "formats/",
    "a/1/formats/",
]
OF_ONE_ASSET = ["a/1/", "a/1/formats/", "i/1/1/thumbnail", "d/1/original"]
SECRETS = [b"ridge", b"Spring", b"bowl"]


def change(installation, table, **values):
    with installation.transaction() as session:
        session.execute(update(table).values(**values))


def get_all_ways(browser, address):
    """GET, HEAD and a range of an address."""
    return [
        browser.get(address),
        browser.head(address),
        browser.get(address, headers={"range": "bytes=5-9"}),
    ]


def test_every_route_stands_in_this_table():
    assert {route.path for route in ROUTES} == set(ADDRESSES)


@pytest.mark.parametrize("address", GUARDED)
def test_an_open_share_answers(installation, browser, address):
    page = link_of(installation, publish(installation))

    assert browser.get(page + address).status_code == 200
    assert browser.head(page + address).status_code == 200


def close_revoked(installation):
    change(installation, Grant, revoked_at=datetime.now(UTC))


def close_share(installation):
    change(installation, Share, state="revoked")


def close_purged(installation):
    change(installation, Share, state="purged")


def close_unfinished(installation):
    change(installation, Share, state="publishing")


@pytest.mark.parametrize("address", GUARDED)
@pytest.mark.parametrize("close", [close_revoked, close_share, close_purged, close_unfinished])
def test_a_closed_way_looks_like_one_that_never_was(installation, browser, address, close):
    page = link_of(installation, publish(installation))
    close(installation)
    unknown = "/s/AAAAAAAAAAAAAAAAAAAAAA/"

    for answer, never in zip(
        get_all_ways(browser, page + address), get_all_ways(browser, unknown + address), strict=True
    ):
        assert (answer.status_code, answer.content) == (404, never.content)
        assert dict(answer.headers) == dict(never.headers)


@pytest.mark.parametrize("address", GUARDED)
def test_an_expired_share_says_so_and_nothing_else(installation, browser, address):
    page = link_of(installation, publish(installation))
    change(installation, Share, expires_at=datetime(2026, 1, 2, tzinfo=UTC))

    for answer in get_all_ways(browser, page + address):
        assert answer.status_code == 410
        assert not any(secret in answer.content for secret in SECRETS)


@pytest.mark.parametrize("address", OF_ONE_ASSET)
def test_a_withdrawn_asset_is_gone_at_once(installation, browser, address):
    page = link_of(installation, publish(installation))
    change(installation, SharedAsset, withdrawn_at=datetime.now(UTC))

    assert {answer.status_code for answer in get_all_ways(browser, page + address)} == {404}


@pytest.mark.parametrize(
    "address", ["a/99/", "i/99/1/thumbnail", "d/99/original", "page/9/", "bundle/poster"]
)
def test_what_the_share_does_not_have_is_not_found(installation, browser, address):
    page = link_of(installation, publish(installation))

    assert browser.get(page + address).status_code == 404


@pytest.mark.parametrize("address", DOWNLOADS)
def test_with_downloads_off_no_byte_of_a_download_leaves(installation, browser, address):
    page = link_of(installation, publish(installation, a_request(is_downloadable=False)))

    for answer in get_all_ways(browser, page + address):
        assert answer.status_code == 403
    assert b"/original" not in browser.get(page).content


def test_a_format_that_is_not_offered_cannot_be_had(installation, browser):
    page = link_of(installation, publish(installation, a_request(formats=["web"])))

    statuses = [browser.get(page + address).status_code for address in DOWNLOADS[:6]]

    assert statuses == [404, 404, 200, 404, 404, 200]


@pytest.mark.parametrize(
    "token", ["", "x", "A" * 21, "A" * 23, "A" * 21 + "!", "../../etc/passwd", "%00" * 22]
)
def test_a_token_of_another_shape_is_just_not_found(browser, token):
    assert browser.get(f"/s/{token}/").status_code == 404


def test_expiry_is_exact_to_the_millisecond(installation, browser, set_clock):
    page = link_of(installation, publish(installation))
    moment = datetime(2030, 5, 1, 12, tzinfo=UTC)
    change(installation, Share, expires_at=moment)

    set_clock(moment - timedelta(milliseconds=1))
    assert browser.get(page).status_code == 200
    set_clock(moment)
    assert browser.get(page).status_code == 410


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("address", GUARDED)
def test_no_route_takes_anything_in(installation, browser, address, method):
    page = link_of(installation, publish(installation))
    # Wishes for formats are taken there, from our own form alone: test_formats.py.
    is_wish = method == "POST" and address.endswith("formats/")

    assert browser.request(method, page + address).status_code == (403 if is_wish else 405)


@pytest.mark.parametrize("address", [*GUARDED, "nothing", "a/99/"])
def test_every_answer_carries_the_safe_headers(installation, browser, address):
    page = link_of(installation, publish(installation))

    headers = browser.get(page + address).headers

    assert headers["x-content-type-options"] == "nosniff"
    # A form sends its origin along, by which it is known to be ours.
    policy = "same-origin" if address.endswith("formats/") else "no-referrer"
    assert headers["referrer-policy"] == policy
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "noindex" in headers["x-robots-tag"]
    assert headers["cache-control"].startswith("private")
