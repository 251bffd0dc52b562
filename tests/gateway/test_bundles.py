import io
import json
import subprocess
import zipfile

import pytest
from sqlalchemy import select

from models import Bundle
from services.bundles.manifest import OWN_FILES
from services.bundles.signature import read_keys
from services.bundles.verification import verify_bundle
from services.bundling import list_stale, replan
from services.history import list_kinds
from services.resealing import reseal
from services.signing import rotate_signing_key
from tests.photographs import write_photograph
from tests.publishing import a_request, link_of, publish
from tests.tools import need_tool


def keys_of(browser):
    return read_keys(browser.get("/keys.json").content)


def take(browser, address, tmp_path):
    answer = browser.get(address)
    assert answer.status_code == 200
    path = tmp_path / "bundle.zip"
    path.write_bytes(answer.content)
    return path


def manifest_of(path):
    with zipfile.ZipFile(path) as bundle:
        return json.loads(bundle.read("MANIFEST.json"))


def kinds(installation, share_id):
    with installation.transaction() as session:
        return list_kinds(session, share_id)


def test_whoever_downloads_a_zip_can_prove_that_it_is_complete(browser, page, tmp_path):
    path = take(browser, f"{page}bundle/original", tmp_path)

    verdict = verify_bundle(path, keys_of(browser))

    assert verdict.is_complete()
    assert verdict.files == len(manifest_of(path)["files"]) > 3


def test_the_sums_are_those_that_every_system_can_check(browser, page, tmp_path):
    need_tool("sha256sum")
    with zipfile.ZipFile(take(browser, f"{page}bundle/web", tmp_path)) as bundle:
        bundle.extractall(tmp_path / "out")

    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"],
        cwd=tmp_path / "out",
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.count(": OK") == len(list((tmp_path / "out").rglob("*.*"))) - 0


def test_a_zip_of_before_can_be_checked_after_the_signing_key_changed(
    installation, browser, page, tmp_path
):
    path = take(browser, f"{page}bundle/original", tmp_path)

    rotate_signing_key(installation)
    later = link_of(installation, publish(installation, a_request(request_key="later")))
    newer = tmp_path / "newer.zip"
    newer.write_bytes(browser.get(f"{later}bundle/original").content)

    keys = keys_of(browser)
    assert len(keys) == 2
    assert verify_bundle(path, keys).is_complete()
    assert verify_bundle(newer, keys).is_complete()
    assert verify_bundle(path, keys).key != verify_bundle(newer, keys).key


def test_another_link_key_leaves_the_signing_key_as_it_is(installation, browser, page):
    before = keys_of(browser)

    reseal(installation)

    assert keys_of(browser) == before


def test_a_zip_whose_file_changed_is_prepared_again_and_says_what_is_gone(
    installation, browser, share_id, page, library, tmp_path
):
    etag = browser.head(f"{page}bundle/original").headers["etag"]
    write_photograph(library / "Campaign" / "ridge 1.jpg", seed=77)

    first = browser.get(f"{page}bundle/original")
    again = browser.head(f"{page}bundle/original")

    assert (first.status_code, again.status_code) == (503, 503)
    assert "being prepared" in first.text
    assert first.headers["retry-after"]
    assert list_stale(installation) == [share_id]
    assert kinds(installation, share_id)[-1] == "bundle:stale"

    assert replan(installation, share_id) == 1

    path = take(browser, f"{page}bundle/original", tmp_path)
    assert browser.head(f"{page}bundle/original").headers["etag"] != etag
    assert {one["asset_id"] for one in manifest_of(path)["absent"]} == {"Campaign/ridge 1.jpg"}
    assert verify_bundle(path, keys_of(browser)).is_complete()
    assert kinds(installation, share_id)[-3] == "bundle:planned"


def test_a_client_that_resumes_after_a_new_plan_gets_the_whole_new_zip(
    installation, browser, share_id, page, library
):
    old = browser.get(f"{page}bundle/original")
    write_photograph(library / "Campaign" / "ridge 1.jpg", seed=77)
    browser.get(f"{page}bundle/original")
    replan(installation, share_id)

    resumed = browser.get(
        f"{page}bundle/original",
        headers={"range": "bytes=500-", "if-range": old.headers["etag"]},
    )

    assert resumed.status_code == 200
    with zipfile.ZipFile(io.BytesIO(resumed.content)) as bundle:
        assert bundle.testzip() is None


def spoil_rendition(installation, how):
    """Change the stored bytes of the first web rendition behind the back of the plan."""
    with installation.transaction() as session:
        plan = session.scalars(select(Bundle).where(Bundle.format == "web")).one()
    content = installation.store.get(plan.plan_key)
    at = content.index(b'"stored":"renditions/') + len('"stored":"')
    place = installation.store.folder / content[at : content.index(b'"', at)].decode()
    how(place)
    return place


def cut(place):
    place.write_bytes(place.read_bytes()[:-100])


def lengthen(place):
    place.write_bytes(place.read_bytes() + b"more")


def alter(place):
    content = bytearray(place.read_bytes())
    content[len(content) // 2] ^= 1
    place.write_bytes(content)


def remove(place):
    place.unlink()


@pytest.mark.parametrize("how", [remove, cut, lengthen, alter])
def test_a_rendition_that_is_not_what_was_planned_is_named_as_absent(
    installation, browser, share_id, page, tmp_path, how
):
    listed = len(manifest_of(take(browser, f"{page}bundle/web", tmp_path))["files"])
    spoil_rendition(installation, how)

    assert browser.get(f"{page}bundle/web").status_code == 503
    replan(installation, share_id)

    manifest = manifest_of(take(browser, f"{page}bundle/web", tmp_path))
    assert len(manifest["files"]) + len(manifest["absent"]) == listed
    assert len(manifest["absent"]) == 1


def test_files_are_called_as_the_dam_calls_them_if_the_owner_wants(
    installation, browser, library, tmp_path
):
    (library / "library.yaml").write_text(
        'users: {owner: {name: Owner, email: o@paper.example, may_share: ["/"]}}\n'
        'assets: {"Campaign/ridge 1.jpg": {title: "The ridge: 5.30 a.m."}}\n'
    )
    request = a_request(request_key="titles", file_names="title", folders="flat")
    page = link_of(installation, publish(installation, request))

    path = take(browser, f"{page}bundle/original", tmp_path)

    names = {one["name"] for one in manifest_of(path)["files"]}
    assert not any("/" in name for name in names)
    assert "The ridge- 5.30 a.m.jpg" in names
    single = browser.get(f"{page}d/1/original").headers["content-disposition"]
    assert "The ridge- 5.30 a.m.jpg" in single


def test_the_own_files_come_last_and_nothing_of_the_share_takes_their_names(
    installation, browser, library, tmp_path
):
    (library / "MANIFEST.json").write_text("not ours")
    page = link_of(installation, publish(installation, a_request(request_key="own")))

    path = take(browser, f"{page}bundle/original", tmp_path)

    with zipfile.ZipFile(path) as bundle:
        assert tuple(bundle.namelist()[-3:]) == OWN_FILES
        assert bundle.read("MANIFEST (2).json") == b"not ours"
    assert verify_bundle(path, keys_of(browser)).is_complete()


def test_no_file_has_an_ending_that_is_not_true_of_it(installation, browser, library, tmp_path):
    photograph = (library / "Campaign" / "ridge 1.jpg").read_bytes()
    (library / "Campaign" / "mistaken.png").write_bytes(photograph)
    page = link_of(installation, publish(installation, a_request(request_key="endings")))

    path = take(browser, f"{page}bundle/original", tmp_path)

    assert "Campaign/mistaken.jpg" in {one["name"] for one in manifest_of(path)["files"]}
