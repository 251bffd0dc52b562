"""What the desk tells the DAM's backend of shares."""

import pytest
from starlette.testclient import TestClient

from gateway.desk import create_desk
from services.changes import ShareChange, change_share
from tests.gateway.test_desk import KEY
from tests.shares import keep_share


@pytest.fixture
def desk(installation):
    with TestClient(create_desk(installation), headers=KEY) as client:
        yield client


@pytest.fixture
def share(installation):
    return keep_share(installation, "Campaign/a 1.jpg", request_key="autumn", context="press")


def test_the_overview_is_told_in_pages(installation, desk, share):
    newer = keep_share(installation, title="Newer")

    first = desk.get("/shares", params={"limit": 1}).json()
    second = desk.get("/shares", params={"limit": 1, "after": first["after"]}).json()

    assert first["shares"][0]["share_id"] == str(newer.id)
    assert (first["shares"][0]["title"], first["after"]) == ("Newer", str(newer.id))
    assert second["shares"][0]["share_id"] == str(share.id)
    assert second["after"] == ""


def test_the_overview_narrows(installation, desk, share):
    keep_share(installation, owner="ben")

    found = desk.get("/shares", params={"context": "press", "shares": "all"}).json()

    assert [one["share_id"] for one in found["shares"]] == [str(share.id)]


def test_a_history_is_told(installation, desk, share):
    change_share(installation, "autumn", ShareChange(downloads="off"), asked_by="test")

    found = desk.get("/shares/autumn/history").json()

    assert (found["share"], found["after"]) == (str(share.id), 0)
    assert [one["kind"] for one in found["events"]] == ["share:changed"]
    assert found["events"][0]["at"].endswith(("Z", "+00:00"))


def test_an_asset_with_a_path_as_its_id_has_a_board_and_is_taken_out_everywhere(
    installation, desk, share
):
    board = desk.get("/assets/Campaign/a%201.jpg/board").json()
    out = desk.post("/assets/Campaign/a%201.jpg/withdrawals").json()

    assert board["asset_id"] == "Campaign/a 1.jpg"
    assert [one["share_id"] for one in board["shares"]] == [str(share.id)]
    assert out == {"withdrawn": "Campaign/a 1.jpg", "shares": [str(share.id)]}
    again = desk.get("/assets/Campaign/a%201.jpg/board").json()
    assert again["shares"][0]["withdrawn_at"]


def test_figures_are_told(desk, share):
    assert desk.get("/kpis", params={"by": "format"}).json() == {"by": "format", "rows": []}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/shares?state=shut", 422),
        ("/shares?limit=0", 422),
        ("/shares?sort=title", 422),
        ("/shares?after=x", 422),
        ("/shares/nothing/history", 404),
        ("/shares/autumn/history?after=-1", 422),
        ("/assets/x/board?after=x", 422),
        ("/kpis?by=person", 422),
        ("/kpis?since=2026-02-30", 422),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(desk, share, path, status):
    answer = desk.get(path)

    assert answer.status_code == status
    assert answer.json()["error"]


@pytest.mark.parametrize("path", ["/shares", "/shares/x/history", "/assets/x/board", "/kpis"])
def test_nothing_is_told_without_the_key(installation, path):
    with TestClient(create_desk(installation)) as stranger:
        assert stranger.get(path).status_code == 401
