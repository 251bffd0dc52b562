"""Formats at the desk: wishes of owners, how far they are, and the catalogue of shares to come."""

import pytest

from services.brands import SettingsChange, change_settings
from services.errors import SettingUnusable
from services.format_making import make_waiting
from services.format_settings import FormatSetting
from services.format_wishes import CustomFormat
from tests.gateway.test_desk import KEY, desk
from tests.publishing import a_request, link_of, publish, share_of

__all__ = ["desk"]
WISH = {"asset_id": "Campaign/ridge 1.jpg", "custom": {"encoder": "png", "width": 40, "height": 40}}
TINY = FormatSetting(
    name="tiny", label="Tiny", offer="default", recipe=CustomFormat(width=48, height=48)
)


def set_formats(installation, *formats):
    change = SettingsChange(formats=list(formats))
    return change_settings(installation, change, asked_by="test")


def test_an_owner_asks_is_told_how_far_it_is_and_gets_it(desk, installation):
    share = publish(installation, a_request(request_key="spring"))

    asked = desk.post("/shares/spring/formats", headers=KEY, json=WISH)
    (waiting,) = desk.get("/shares/spring/formats", headers=KEY).json()["formats"]
    make_waiting(installation)
    (made,) = desk.get(f"/shares/{share}/formats", headers=KEY).json()["formats"]

    assert (asked.status_code, asked.json()["request"]) == (202, waiting["request"])
    assert (waiting["state"], waiting["percent"], waiting["asset"]) == (
        "waiting",
        0,
        WISH["asset_id"],
    )
    assert (made["state"], made["percent"]) == ("done", 100)


def test_an_owner_cancels_any_wish(desk, installation):
    publish(installation, a_request(request_key="spring"))
    wish = desk.post("/shares/spring/formats", headers=KEY, json=WISH).json()["request"]

    first = desk.post(f"/formats/{wish}/cancel", headers=KEY).json()
    second = desk.post(f"/formats/{wish}/cancel", headers=KEY).json()

    assert (first, second) == ({"cancelled": True}, {"cancelled": False})


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/shares/nothing/formats", WISH, 404),
        ("/shares/spring/formats", WISH | {"asset_id": "elsewhere.jpg"}, 404),
        ("/shares/spring/formats", {"format": "poster"}, 422),
        ("/shares/spring/formats", {"format": "film"}, 422),
        ("/shares/spring/formats", {"custom": {"width": 3}}, 422),
        ("/shares/spring/formats", {"preset": "slow"}, 422),
    ],
)
def test_a_wish_that_cannot_be_carried_out_is_refused(desk, installation, path, body, status):
    publish(installation, a_request(request_key="spring"))

    assert desk.post(path, headers=KEY, json=body).status_code == status


def test_a_format_of_the_catalogue_is_offered_by_shares_to_come_alone(installation, browser):
    before = publish(installation)
    changed, _ = set_formats(installation, TINY)
    after = publish(installation, a_request(title="After"))

    assert changed == ["tiny"]
    assert "tiny" not in share_of(installation, before).formats
    assert "tiny" in share_of(installation, after).formats
    assert browser.get(f"{link_of(installation, before)}d/1/tiny").status_code == 404
    assert browser.get(f"{link_of(installation, after)}d/1/tiny").status_code == 200


def test_a_share_keeps_a_format_that_is_changed_or_removed_afterwards(installation, browser):
    set_formats(installation, TINY)
    page = link_of(installation, publish(installation))
    first = browser.get(f"{page}d/1/tiny").content

    larger = TINY.model_copy(update={"recipe": CustomFormat(width=99, height=99)})
    assert set_formats(installation, larger) == (["tiny"], [])
    assert set_formats(installation, larger) == ([], [])
    assert set_formats(installation, TINY.model_copy(update={"offer": "removed"})) == (["tiny"], [])

    assert browser.get(f"{page}d/1/tiny").content == first
    assert "tiny" not in share_of(installation, publish(installation)).formats


@pytest.mark.parametrize("name", ["original", "thumbnail", "player", "page-1", "c-0123"])
def test_a_name_that_vitrine_itself_uses_is_no_format_of_the_catalogue(installation, name):
    with pytest.raises(SettingUnusable, match=name):
        set_formats(installation, TINY.model_copy(update={"name": name}))
