import json
import os
import random
import zipfile
from uuid import uuid4

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from gateway.app import create_app
from models import SharedAsset
from services.bundles.signature import read_keys
from services.bundles.verification import verify_bundle
from services.bundling import list_stale, plan_bundles, replan
from services.freezing import claim_share
from services.history import list_kinds
from services.opening import open_share
from services.pages import build_page
from tests.gateway.interference import Interfered
from tests.publishing import a_request, link_of

# Larger than any block that is read at once, so that there is a middle.
SIZES = {"1 before.bin": 3_000_000, "2 target.bin": 3_000_000, "3 after.bin": 5000}
TARGET = "2 target.bin"


def remove(path):
    path.unlink()


def lengthen(path):
    with path.open("ab") as file:
        file.write(b"more")


def shorten(path):
    os.truncate(path, path.stat().st_size // 2)


def alter(path):
    with path.open("r+b") as file:
        file.seek(-100, os.SEEK_END)
        file.write(bytes(100))


def alter_secretly(path):
    before = path.stat()
    alter(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


FAULTS = pytest.mark.parametrize("fault", [remove, lengthen, shorten, alter, alter_secretly])


@pytest.fixture
def library(tmp_path):
    """Three files of no kind, of which nothing is rendered."""
    root, chance = tmp_path / "library", random.Random(5)
    root.mkdir()
    for name, size in SIZES.items():
        (root / name).write_bytes(chance.randbytes(size))
    return root


@pytest.fixture
def door(installation):
    return Interfered(create_app(installation))


@pytest.fixture
def browser(door):
    with TestClient(door, raise_server_exceptions=False) as client:
        yield client


def publish(installation, between=lambda: None):
    """Publish the library; `between` happens after it was frozen and before the zip is planned."""
    claim = claim_share(installation, a_request(formats=["original"]), run=str(uuid4()))
    between()
    plan_bundles(installation, claim)
    open_share(installation, claim, build_page(installation, claim))
    return claim.share_id, link_of(installation, claim.share_id) + "bundle/original"


def is_whole(browser, path, content):
    path.write_bytes(content)
    return verify_bundle(path, read_keys(browser.get("/keys.json").content)).is_complete()


def check_new_zip(installation, browser, door, share_id, address, former_etag, path):
    """After a fault: nothing by the old plan, and all is delivered or declared by the new one."""
    waiting = browser.get(address)
    assert (waiting.status_code, browser.head(address).status_code) == (503, 503)
    assert "being prepared" in waiting.text
    assert waiting.headers["retry-after"]
    assert list_stale(installation) == [share_id]

    assert replan(installation, share_id) == 1

    answer = browser.get(address, headers={"range": "bytes=9-", "if-range": former_etag})
    assert (answer.status_code, door.answer.is_ended) == (200, True)
    assert len(answer.content) == int(answer.headers["content-length"])
    assert answer.headers["etag"] != former_etag
    assert is_whole(browser, path, answer.content)
    with zipfile.ZipFile(path) as bundle:
        manifest = json.loads(bundle.read("MANIFEST.json"))
        assert bundle.namelist()[:-3] == [one["name"] for one in manifest["files"]]
    with installation.transaction() as session:
        listed = session.scalars(
            select(SharedAsset.asset_id).where(SharedAsset.share_id == share_id)
        ).all()
        kinds = list_kinds(session, share_id)
    told = [one["asset_id"] for one in manifest["files"] + manifest["absent"]]
    assert sorted(told) == sorted(listed) == sorted(SIZES)
    assert [one["asset_id"] for one in manifest["absent"]] == [TARGET]
    assert (kinds.count("bundle:stale"), kinds.count("bundle:planned")) == (1, 2)


@FAULTS
@pytest.mark.parametrize("moment", ["before planning", "after planning"])
def test_a_zip_whose_source_was_changed_before_it_is_asked_for_never_ends_well(
    installation, browser, door, library, tmp_path, fault, moment
):
    def change():
        fault(library / TARGET)

    share_id, address = publish(installation, change if moment == "before planning" else str)
    head = browser.head(address)
    if moment == "after planning":
        change()

    browser.get(address)

    assert door.answer.is_broken()
    assert len(door.answer.body) < int(head.headers["content-length"])
    path, etag = tmp_path / "bundle.zip", head.headers["etag"]
    check_new_zip(installation, browser, door, share_id, address, etag, path)


@FAULTS
@pytest.mark.parametrize("place", [1, 4_000_000], ids=["before its turn", "while it is read"])
def test_a_zip_whose_source_changes_while_it_comes_is_broken_off_or_whole(
    installation, browser, door, library, tmp_path, fault, place
):
    share_id, address = publish(installation)
    head = browser.head(address)
    door.arrange(place, lambda: fault(library / TARGET))

    browser.get(address)

    path, etag = tmp_path / "bundle.zip", head.headers["etag"]
    size = int(head.headers["content-length"])
    assert place < len(door.answer.body) <= size
    assert door.answer.is_broken() or is_whole(browser, path, door.answer.body)
    if not door.answer.is_broken():
        browser.get(address)
        assert door.answer.is_broken()
    check_new_zip(installation, browser, door, share_id, address, etag, path)


@FAULTS
@pytest.mark.parametrize("address", ["bundle/original", "d/2/original"])
def test_a_part_that_ends_within_a_source_that_changed_meanwhile_is_broken_off(
    installation, browser, door, library, fault, address
):
    _, bundle = publish(installation)
    start = {"bundle/original": 3_500_000, "d/2/original": 500_000}[address]
    door.arrange(1, lambda: fault(library / TARGET))

    browser.get(
        bundle.replace("bundle/original", address),
        headers={"range": f"bytes={start}-{start + 1_500_000}"},
    )

    assert door.answer.status == 206
    assert door.answer.is_broken()


@FAULTS
def test_an_original_that_changes_while_it_comes_is_broken_off_and_then_refused(
    installation, browser, door, library, fault
):
    _, bundle = publish(installation)
    address = bundle.replace("bundle/original", "d/2/original")
    door.arrange(1, lambda: fault(library / TARGET))

    browser.get(address)

    assert door.answer.status == 200
    assert door.answer.is_broken()
    assert browser.get(address).status_code == 409


def test_a_source_that_is_put_back_makes_the_zip_what_it_was(
    installation, browser, door, library, tmp_path
):
    share_id, address = publish(installation)
    former, content = browser.get(address), (library / TARGET).read_bytes()
    remove(library / TARGET)
    browser.get(address)
    (library / TARGET).write_bytes(content)

    assert browser.get(address).status_code == 503
    replan(installation, share_id)

    again = browser.get(address)
    assert again.headers["etag"] == former.headers["etag"]
    assert again.content == former.content
