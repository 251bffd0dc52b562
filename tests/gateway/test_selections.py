import io
import json
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from models import Grant, Selection, Share, SharedAsset
from services.bundles.manifest import OWN_FILES
from tests.publishing import a_request, link_of, publish

FORM = {"sec-fetch-site": "same-origin"}


def pick(browser, page, *positions, format_name="original", headers=FORM):
    fields = {"pick": [str(one) for one in positions], "format": format_name}
    return browser.post(f"{page}selection", data=fields, headers=headers, follow_redirects=False)


def names_in(answer):
    with zipfile.ZipFile(io.BytesIO(answer.content)) as bundle:
        assert bundle.testzip() is None
        return [name for name in bundle.namelist() if name not in OWN_FILES]


def test_what_is_picked_comes_as_one_zip_of_exactly_that(browser, page):
    answer = pick(browser, page, 3, 1)

    assert answer.status_code == 303
    zipped = browser.get(answer.headers["location"])
    assert zipped.headers["content-length"] == str(len(zipped.content))
    assert len(names_in(zipped)) == 2
    assert "Campaign/ridge 1.jpg" in names_in(zipped)


def test_whoever_picks_the_same_gets_the_same_and_a_range_of_it(browser, page, installation):
    first, again = pick(browser, page, 1, 2), pick(browser, page, 2, 1, 1)
    assert first.headers["location"] == again.headers["location"]
    whole = browser.get(first.headers["location"])

    part = browser.get(first.headers["location"], headers={"range": "bytes=100-199"})

    assert part.status_code == 206
    assert part.content == whole.content[100:200]
    with installation.transaction() as session:
        assert session.query(Selection).count() == 1


def test_ten_thousand_can_be_picked_at_once(browser, page):
    answer = pick(browser, page, *range(1, 10_001))

    assert answer.status_code == 303


@pytest.mark.parametrize("positions", [(), (99,), ("x",), ("²",), ("9" * 5000,)])
def test_picking_nothing_is_told_and_not_zipped(browser, page, positions):
    answer = pick(browser, page, *positions)

    assert answer.status_code == 400
    assert "Nothing was picked" in answer.text


def test_a_format_that_is_not_offered_is_refused(browser, page):
    assert pick(browser, page, 1, format_name="nope").status_code == 404
    assert browser.get(f"{page}selection/{'0' * 32}/original").status_code == 404


def test_another_site_cannot_pick_in_somebodys_name(browser, page):
    assert pick(browser, page, 1, headers={"sec-fetch-site": "cross-site"}).status_code == 403


def change(installation, table, **values):
    with installation.transaction() as session:
        session.execute(update(table).values(**values))


def revoke(installation):
    change(installation, Grant, revoked_at=datetime.now(UTC))


def expire(installation):
    change(installation, Share, expires_at=datetime.now(UTC) - timedelta(hours=1))


def ask_password(installation):
    change(installation, Share, password_hash="x", password_epoch=5)


def ask_terms(installation):
    change(installation, Share, terms_version=bytes(32))


def switch_off(installation):
    change(installation, Share, is_downloadable=False)


def withdraw(installation):
    change(installation, SharedAsset, withdrawn_at=datetime.now(UTC))


@pytest.mark.parametrize(
    "close", [revoke, expire, ask_password, switch_off, withdraw], ids=lambda one: one.__name__
)
def test_a_closed_door_is_closed_for_what_was_picked_too(installation, browser, page, close):
    place = pick(browser, page, 1, 2).headers["location"]
    browser.get(place)
    close(installation)

    for answer in (browser.get(place), browser.head(place), pick(browser, page, 1)):
        assert answer.status_code >= 400
        assert not answer.content.startswith(b"PK")


def test_a_selection_without_the_withdrawn_asset_goes_on(installation, browser, page):
    with_it = pick(browser, page, 1, 2).headers["location"]
    without = pick(browser, page, 2, 3).headers["location"]
    with installation.transaction() as session:
        session.execute(
            update(SharedAsset)
            .where(SharedAsset.position == 1)
            .values(withdrawn_at=datetime.now(UTC))
        )

    assert browser.get(with_it).status_code == 503
    assert browser.get(without).status_code == 200


def test_what_another_share_picked_is_not_found_here(installation, browser, page):
    place = pick(browser, page, 1).headers["location"]
    other = link_of(installation, publish(installation, a_request(request_key="other")))

    assert (
        browser.get(
            other + place.partition("selection")[1] + place.partition("selection")[2]
        ).status_code
        == 404
    )


def test_the_manifest_tells_of_the_picked_alone(browser, page):
    zipped = browser.get(pick(browser, page, 2).headers["location"])

    with zipfile.ZipFile(io.BytesIO(zipped.content)) as bundle:
        manifest = json.loads(bundle.read("MANIFEST.json"))
    assert len(manifest["files"]) == 1
    assert manifest["absent"] == []
