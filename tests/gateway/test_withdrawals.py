"""What an owner takes out is out with the next byte; zips and pages follow, whole at every moment."""

import io
import json
import zipfile

from models import Bundle, SharedAsset
from services.bundles.signature import read_keys
from services.bundles.verification import verify_bundle
from services.changes import ShareChange, change_share, withdraw_asset
from services.history import list_kinds
from services.pages import page_key
from services.passwords import keep_password
from services.rebuilding import list_outdated, refresh
from tests.gateway.test_selections import pick
from tests.publishing import a_request, link_of, publish, share_of

RIDGE = "Campaign/ridge 1.jpg"
OF_RIDGE = ["a/1/", "i/1/1/thumbnail", "i/1/1/view", "d/1/original", "d/1/web"]


def withdraw(installation, share_id, asset_id=RIDGE):
    return withdraw_asset(installation, str(share_id), asset_id, asked_by="test")


def change(installation, share_id, **values):
    change_share(installation, str(share_id), ShareChange(**values), asked_by="test")


def read_zip(browser, address):
    answer = browser.get(address)
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as bundle:
        return set(bundle.namelist()), json.loads(bundle.read("MANIFEST.json"))


def test_what_is_withdrawn_is_gone_with_the_next_byte_and_from_the_zip_and_page_soon_after(
    installation, browser, share_id, page, tmp_path
):
    before = share_of(installation, share_id).current_build
    etag = browser.head(page + "bundle/original").headers["etag"]
    assert [browser.get(page + one).status_code for one in OF_RIDGE] == [200] * 5

    assert withdraw(installation, share_id)

    assert [browser.get(page + one).status_code for one in OF_RIDGE] == [404] * 5
    closed = browser.get(page + "bundle/original", headers={"range": "bytes=0-9"})
    assert (closed.status_code, "retry-after" in closed.headers) == (503, True)
    assert list_outdated(installation) == [share_id]

    assert refresh(installation, share_id) == 4

    names, manifest = read_zip(browser, page + "bundle/original")
    assert manifest["absent"] == [{"asset_id": RIDGE, "reason": "it was withdrawn from the share"}]
    assert not any("ridge 1" in one for one in names)
    assert browser.head(page + "bundle/original").headers["etag"] != etag
    path = tmp_path / "bundle.zip"
    path.write_bytes(browser.get(page + "bundle/web").content)
    assert verify_bundle(path, read_keys(browser.get("/keys.json").content)).is_complete()
    assert "ridge 1" not in browser.get(page).text
    assert "ridge 2" in browser.get(page).text
    assert "ridge 1" not in browser.get(page + "a/2/").text
    assert list_outdated(installation) == []
    # Whoever is in the middle of a page of before finds the rest of it.
    assert installation.store.get(page_key(share_id, before, "page-1.html"))


def test_withdrawing_again_changes_nothing(installation, share_id):
    withdraw(installation, share_id)
    refresh(installation, share_id)
    build = share_of(installation, share_id).current_build

    assert not withdraw(installation, share_id)

    assert list_outdated(installation) == []
    assert refresh(installation, share_id) == 0
    assert share_of(installation, share_id).current_build == build


def test_what_somebody_picked_is_planned_anew_without_it(installation, browser, share_id, page):
    with_it = pick(browser, page, 1, 2).headers["location"]
    alone = pick(browser, page, 1).headers["location"]
    withdraw(installation, share_id)
    assert browser.get(with_it).status_code == 503
    assert browser.get(alone).status_code == 404

    refresh(installation, share_id)

    names, manifest = read_zip(browser, with_it)
    assert len(names) == 4
    assert [one["asset_id"] for one in manifest["absent"]] == [RIDGE]
    assert browser.get(alone).status_code == 404


def test_a_plan_that_is_overtaken_by_a_withdrawal_is_not_handed_out(
    installation, browser, share_id, page
):
    # As if it had been written by somebody who did not know of the withdrawal yet.
    withdraw(installation, share_id)
    with installation.transaction() as session:
        session.query(Bundle).update({"stale_at": None})

    assert browser.get(page + "bundle/original").status_code == 503
    assert list_outdated(installation) == [share_id]
    refresh(installation, share_id)
    assert browser.get(page + "bundle/original").status_code == 200


def test_everything_can_be_withdrawn_one_after_the_other(installation, browser, share_id, page):
    with installation.transaction() as session:
        ids = [one.asset_id for one in session.query(SharedAsset).all()]
    for asset_id in ids:
        withdraw(installation, share_id, asset_id)

    refresh(installation, share_id)

    for address in ("", "bundle/original", "d/1/original"):
        assert browser.get(page + address).status_code == 404
    assert "no files here" in browser.get(page).text


def test_pages_say_the_new_deadline_and_offer_what_may_be_taken_now(
    installation, browser, share_id, page
):
    change(installation, share_id, expires_on="2031-05-01", downloads="off")
    refresh(installation, share_id)

    assert "Available until 1 May 2031" in browser.get(page).text
    assert "bundle/" not in browser.get(page).text


def test_a_password_changes_no_page(installation, share_id):
    password, _ = keep_password(installation, "larch meadow")
    change(installation, share_id, password=str(password))

    assert list_outdated(installation) == []


def test_downloads_that_are_switched_on_later_are_all_there(installation, browser):
    share_id = publish(installation, a_request(is_downloadable=False))
    page = link_of(installation, share_id)
    change(installation, share_id, downloads="on")

    refresh(installation, share_id)

    assert "bundle/original" in browser.get(page).text
    names, _ = read_zip(browser, page + "bundle/original")
    assert len(names) > 3


def test_pages_that_nobody_can_reach_are_not_built_anew(installation, share_id):
    change(installation, share_id, expires_on="now")

    assert list_outdated(installation) == []


def test_the_history_tells_of_the_new_plans_and_pages(installation, share_id):
    withdraw(installation, share_id)
    refresh(installation, share_id)

    with installation.transaction() as session:
        kinds = list_kinds(session, share_id)
    assert kinds[-5:] == ["asset:withdrawn", *["bundle:planned"] * 3, "page:built"]
