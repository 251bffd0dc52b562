"""An owner who may not share any more, and rights that end: served until then and no further."""

import os
from datetime import UTC, datetime, timedelta

import pytest
import yaml

from services.errors import RightsClosed
from services.rebuilding import list_outdated, refresh
from services.selection import resolve_selection
from tests.publishing import a_request, link_of, publish

RIDGE, BOWL = "Campaign/ridge 1.jpg", "Press kit/bowl 4.jpg"
TODAY = datetime(2026, 6, 15, 12, tzinfo=UTC)


@pytest.fixture
def describe(library, set_clock):
    """Write the library's description anew."""
    set_clock(TODAY)
    versions = iter(range(1_000_000_000, 2_000_000_000, 1_000))

    def write(may_share=("Campaign", "Press kit"), user="owner", **rights):
        users = {user: {"name": "Owner", "may_share": list(may_share)}}
        assets = {key: {"rights": window} for key, window in rights.get("windows", {}).items()}
        file = library / "library.yaml"
        file.write_text(yaml.safe_dump({"users": users, "assets": assets}))
        # Two writings within one tick of a file system's clock are two writings all the same.
        os.utime(file, (next(versions), next(versions)))

    return write


@pytest.fixture
def page(installation, describe):
    describe()
    return link_of(installation, publish(installation))


def statuses(browser, page):
    """What is still served of an asset in each folder, and of the zip of all."""
    return [browser.get(page + one).status_code for one in ("d/1/web", "d/4/web", "bundle/web", "")]


def refresh_all(installation):
    for share_id in list_outdated(installation):
        refresh(installation, share_id)


def test_an_asset_is_served_no_longer_than_its_owner_may_share_it(
    installation, browser, page, describe
):
    assert statuses(browser, page) == [200, 200, 200, 200]

    describe(may_share=["Press kit"])
    assert statuses(browser, page) == [404, 200, 503, 200]
    refresh_all(installation)
    assert statuses(browser, page) == [404, 200, 200, 200]

    describe()
    assert statuses(browser, page) == [200, 200, 503, 200]
    refresh_all(installation)
    assert statuses(browser, page) == [200, 200, 200, 200]


def test_nothing_is_served_of_an_owner_who_is_gone(browser, page, describe):
    describe(user="somebody else")

    assert statuses(browser, page) == [404, 404, 404, 404]
    assert "no files here" in browser.get(page).text


def test_a_window_that_the_dam_closes_later_closes(browser, page, describe):
    describe(windows={RIDGE: {"ends_on": "2026-06-14"}})

    assert statuses(browser, page) == [404, 200, 503, 200]


def test_a_description_that_is_being_written_changes_nothing(browser, page, describe, library):
    assert statuses(browser, page)[0] == 200
    (library / "library.yaml").write_text("users: {owner: [")

    assert statuses(browser, page) == [200, 200, 200, 200]


def test_a_window_that_was_known_closes_on_its_moment(installation, browser, describe, set_clock):
    describe(windows={RIDGE: {"ends_on": "2026-06-20"}})
    page = link_of(installation, publish(installation))
    end = datetime(2026, 6, 21, tzinfo=UTC)

    set_clock(end - timedelta(milliseconds=1))
    assert statuses(browser, page) == [200, 200, 200, 200]
    set_clock(end)
    assert statuses(browser, page) == [404, 200, 503, 200]


@pytest.mark.parametrize("window", [{"ends_on": "2026-06-14"}, {"begins_on": "2026-06-16"}])
def test_a_picked_asset_without_rights_today_is_refused_by_name(installation, describe, window):
    describe(windows={RIDGE: window})

    with pytest.raises(RightsClosed, match="ridge 1"):
        resolve_selection(installation, a_request(folder="", asset_ids=[RIDGE, BOWL]))


@pytest.mark.parametrize("window", [{"ends_on": "2026-06-15"}, {"begins_on": "2026-06-15"}, {}])
def test_a_day_counts_from_its_beginning_to_its_end(installation, describe, window):
    describe(windows={RIDGE: window})

    assert len(resolve_selection(installation, a_request(folder="", asset_ids=[RIDGE])).assets) == 1


def test_in_a_folder_what_has_no_rights_is_left_out_and_listed(installation, describe):
    describe(windows={RIDGE: {"ends_on": "2026-06-14"}})

    selection = resolve_selection(installation, a_request())

    assert RIDGE not in {asset.id for asset in selection.assets}
    assert [(one.source_key, "ended" in one.reason) for one in selection.left_out] == [
        (RIDGE, True)
    ]
