import contextlib
import hashlib
import io
import json
import zipfile

import pytest
from sqlalchemy import select

from models import HistoryEvent, HistoryPerson
from services.bundles.manifest import OWN_FILES
from services.errors import OriginalChanged
from services.history import list_kinds
from tests.photographs import write_cut_photograph, write_photograph
from tests.publishing import a_request, link_of, publish


def kinds(installation, share_id):
    with installation.transaction() as session:
        return list_kinds(session, share_id)


def test_an_original_arrives_byte_for_byte_under_its_name(browser, page, library):
    answer = browser.get(f"{page}d/1/original")

    assert answer.content == (library / "Campaign" / "ridge 1.jpg").read_bytes()
    assert answer.headers["content-length"] == str(len(answer.content))
    assert 'filename="ridge 1.jpg"' in answer.headers["content-disposition"]
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["x-accel-buffering"] == "no"


def test_a_text_is_handed_over_as_plain_bytes(browser, page):
    answer = browser.get(f"{page}d/6/original")

    assert answer.content == b"Nothing to see here."
    assert answer.headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize("address", ["d/1/original", "bundle/original"])
def test_head_tells_what_get_would_and_leaves_no_trace(
    browser, installation, share_id, page, address
):
    head, get = browser.head(page + address), browser.get(page + address)

    for name in ("content-length", "etag", "content-type", "content-disposition", "accept-ranges"):
        assert head.headers[name] == get.headers[name]
    assert kinds(installation, share_id).count("download:started") == 1


@pytest.mark.parametrize("address", ["d/1/original", "d/1/web", "bundle/original"])
def test_a_range_is_that_part_of_the_whole(browser, page, address):
    whole = browser.get(page + address)
    size, etag = len(whole.content), whole.headers["etag"]

    for wanted, part in {
        "bytes=0-9": slice(0, 10),
        "bytes=100-": slice(100, None),
        "bytes=-22": slice(-22, None),
        f"bytes=50-{size * 2}": slice(50, None),
    }.items():
        answer = browser.get(page + address, headers={"range": wanted, "if-range": etag})
        assert (answer.status_code, answer.content) == (206, whole.content[part])
        assert answer.headers["content-range"].endswith(f"/{size}")


def test_a_range_behind_the_end_is_refused_and_one_of_another_version_is_the_whole(browser, page):
    address = f"{page}d/1/original"
    size = len(browser.get(address).content)

    behind = browser.get(address, headers={"range": f"bytes={size}-"})
    other = browser.get(address, headers={"range": "bytes=0-9", "if-range": '"other"'})
    several = browser.get(address, headers={"range": "bytes=0-1,5-6"})

    assert (behind.status_code, behind.headers["content-range"]) == (416, f"bytes */{size}")
    assert (other.status_code, len(other.content)) == (200, size)
    assert (several.status_code, len(several.content)) == (200, size)


def test_what_a_client_has_is_not_sent_again(browser, page):
    for address in ("d/1/original", "bundle/original", "i/1/1/thumbnail"):
        etag = browser.get(page + address).headers["etag"]

        assert browser.get(page + address, headers={"if-none-match": etag}).status_code == 304


def test_the_bundle_holds_every_original_and_says_so(browser, page, library):
    answer = browser.get(f"{page}bundle/original")

    with zipfile.ZipFile(io.BytesIO(answer.content)) as bundle:
        assert bundle.testzip() is None
        manifest = json.loads(bundle.read("MANIFEST.json"))
        contents = {name: bundle.read(name) for name in bundle.namelist()}
    for name in OWN_FILES:
        del contents[name]
    originals = {str(p.relative_to(library)): p.read_bytes() for p in library.rglob("*.*")}
    assert contents == originals
    assert len(answer.content) == int(answer.headers["content-length"])
    for file in manifest["files"]:
        assert hashlib.sha256(contents[file["name"]]).hexdigest() == file["sha256"]


def test_the_bundle_of_a_format_holds_the_original_where_there_is_no_such_format(browser, page):
    answer = browser.get(f"{page}bundle/web")

    with zipfile.ZipFile(io.BytesIO(answer.content)) as bundle:
        manifest = json.loads(bundle.read("MANIFEST.json"))
    formats = {file["name"]: file["format"] for file in manifest["files"]}
    assert formats["Campaign/ridge 1.jpg"] == "web"
    assert formats["Press kit/notes.txt"] == "original"


def test_what_is_missing_stands_in_the_manifest_with_the_reason(installation, browser, library):
    (library / "Campaign" / "empty.jpg").touch()
    write_cut_photograph(library / "Campaign" / "cut.jpg")
    page = link_of(installation, publish(installation, a_request(formats=["web"])))

    answer = browser.get(f"{page}bundle/web")

    with zipfile.ZipFile(io.BytesIO(answer.content)) as bundle:
        absent = json.loads(bundle.read("MANIFEST.json"))["absent"]
    assert {one["asset_id"]: one["reason"] for one in absent} == {
        "Campaign/cut.jpg": "there is no web format of it",
        "Press kit/notes.txt": "there is no web format of it",
        "Campaign/empty.jpg": "it is empty",
    }


def test_a_changed_original_is_an_error_page_and_breaks_the_bundle(browser, page, library):
    write_photograph(library / "Campaign" / "ridge 1.jpg", seed=77)

    assert browser.get(f"{page}d/1/original").status_code == 409
    assert browser.get(f"{page}bundle/original").status_code == 503


def test_a_bundle_whose_later_member_changed_never_ends_well(
    installation, browser, library, monkeypatch
):
    monkeypatch.setattr("gateway.transfers._BLOCK_BYTES", 1024)
    page = link_of(installation, publish(installation, a_request(request_key="x")))
    promised = int(browser.head(f"{page}bundle/original").headers["content-length"])
    write_photograph(library / "Press kit" / "bowl 5.jpg", seed=78)

    content = b""
    with (
        contextlib.suppress(OriginalChanged),
        browser.stream("GET", f"{page}bundle/original") as answer,
    ):
        for block in answer.iter_bytes():
            content += block

    assert len(content) < promised
    assert not zipfile.is_zipfile(io.BytesIO(content))


def test_a_download_is_told_once_however_many_ranges_it_takes(
    installation, browser, share_id, page
):
    for wanted in ("bytes=0-99", "bytes=100-199", "bytes=200-"):
        browser.get(f"{page}d/1/original", headers={"range": wanted})
    assert kinds(installation, share_id).count("download:started") == 1
    assert kinds(installation, share_id)[-1] == "download:finished"


def test_a_download_with_a_gap_is_not_finished(installation, browser, share_id, page):
    for wanted in ("bytes=0-99", "bytes=101-", "bytes=0-99"):
        browser.get(f"{page}d/1/original", headers={"range": wanted})
    assert "download:finished" not in kinds(installation, share_id)

    browser.get(f"{page}d/1/original", headers={"range": "bytes=100-100"})

    assert kinds(installation, share_id)[-1] == "download:finished"


def test_who_downloaded_stands_beside_the_event_and_not_in_it(installation, browser, page):
    browser.get(f"{page}d/1/original", headers={"user-agent": "Press/1.0"})

    with installation.transaction() as session:
        event, person = session.execute(
            select(HistoryEvent, HistoryPerson)
            .join(HistoryPerson, HistoryPerson.event_id == HistoryEvent.id)
            .where(HistoryEvent.kind == "download:started")
        ).one()
    assert person.fields == {"address": "testclient", "agent": "Press/1.0", "name": "ridge 1.jpg"}
    assert not any(text in json.dumps(event.payload) for text in ("Press", "ridge", "testclient"))


def test_a_page_view_is_told_once_a_day_and_a_picture_is_no_download(
    installation, browser, share_id, page
):
    for address in ("", "", "i/1/1/thumbnail", "a/1/"):
        browser.get(page + address)

    assert kinds(installation, share_id)[-1] == "page:viewed"
    assert kinds(installation, share_id).count("page:viewed") == 1


def test_the_parts_of_a_set_come_as_one_zip(installation, browser, library):
    for number in range(1, 10):
        write_photograph(library / "Vase 360" / f"vase_{number}.jpg", seed=number + 200)
    page = link_of(installation, publish(installation, a_request(folder="Vase 360")))

    answer = browser.get(f"{page}d/1/original")

    with zipfile.ZipFile(io.BytesIO(answer.content)) as bundle:
        names = bundle.namelist()
    assert names == [*(f"Vase 360/vase_{n}.jpg" for n in range(1, 10)), *OWN_FILES]
