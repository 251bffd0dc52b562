import pytest
from starlette.testclient import TestClient

from gateway.desk import create_desk
from models import SharedAsset
from services.errors import SettingMissing
from tests.publishing import a_request, link_of, publish
from tests.shares import keep_share

KEY = {"authorization": "Bearer desk-key-of-the-tests"}


@pytest.fixture
def desk(installation):
    with TestClient(create_desk(installation), raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize(
    "headers", [{}, {"authorization": "Bearer wrong"}, {"authorization": "desk-key-of-the-tests"}]
)
@pytest.mark.parametrize("path", ["/invitations", "/shares/x", "/nothing"])
def test_the_desk_opens_for_its_key_alone(desk, headers, path):
    assert desk.get(path, headers=headers).status_code == 401
    assert desk.post(path, headers=headers, json={}).status_code == 401


def test_the_desk_without_a_key_does_not_start(installation):
    installation.settings = installation.settings.model_copy(
        update={"desk_key": type(installation.settings.desk_key)("")}
    )

    with pytest.raises(SettingMissing):
        create_desk(installation)


def test_an_invitation_gives_an_id_that_a_request_can_name(desk, installation):
    people = {"recipients": [{"address": "maria@paper.example", "name": "Maria"}]}

    answer = desk.post("/invitations", headers=KEY, json=people)

    assert answer.status_code == 201
    share_id = publish(installation, a_request(invitation=answer.json()["invitation"]))
    assert link_of(installation, share_id, "maria@paper.example")


@pytest.mark.parametrize(
    "body",
    [
        {"recipients": []},
        {"recipients": [{"address": "no address"}]},
        {"recipients": [{"address": "a@b.example", "pet": "cat"}]},
        {"people": []},
        [],
    ],
)
def test_a_list_with_mistakes_is_refused_without_repeating_addresses(desk, body):
    answer = desk.post("/invitations", headers=KEY, json=body)

    assert answer.status_code == 422
    assert "no address" not in answer.text.replace("no e-mail address", "")


def test_a_body_that_is_no_json_or_too_large_is_refused(desk):
    assert desk.post("/invitations", headers=KEY, content=b"{").status_code == 422
    assert desk.post("/invitations", headers=KEY, content=b"x" * 300_000).status_code == 413


def test_the_desk_tells_the_state_and_the_link_of_a_share_by_its_key(desk, installation):
    share_id = publish(installation, a_request(request_key="spring"))

    by_key = desk.get("/shares/spring", headers=KEY).json()
    by_id = desk.get(f"/shares/{share_id}", headers=KEY).json()

    assert by_key == by_id
    assert (by_key["share"], by_key["state"], by_key["assets"]) == (str(share_id), "open", 6)
    assert by_key["link"].endswith(link_of(installation, share_id))


def test_an_unknown_share_is_named_in_the_answer(desk):
    answer = desk.get("/shares/winter", headers=KEY)

    assert (answer.status_code, "winter" in answer.json()["error"]) == (404, True)


@pytest.fixture
def owner(desk):
    desk.headers.update(KEY)
    return desk


def test_a_password_becomes_an_id_and_a_warning_but_is_never_repeated(owner):
    answer = owner.post("/passwords", json={"password": "4821"})

    assert answer.status_code == 201
    assert answer.json()["warnings"] == ["the password has digits only"]
    assert "4821" not in answer.text.replace(answer.json()["password"], "")


@pytest.mark.parametrize(
    "body", [{"password": "abc"}, {"password": "s3cretx" * 60}, {"pass": "s3cretx"}]
)
def test_a_password_that_cannot_be_one_is_refused_without_repeating_it(owner, body):
    answer = owner.post("/passwords", json=body)

    assert answer.status_code == 422
    assert "s3cretx" not in answer.text


def test_changes_are_true_with_the_next_byte(installation, owner, browser):
    share_id = publish(installation)
    page = link_of(installation, share_id)
    with installation.transaction() as session:
        asset_id = session.query(SharedAsset).where(SharedAsset.position == 1).one().asset_id

    assert owner.patch(f"/shares/{share_id}", json={"downloads": "off"}).json() == {
        "changed": ["downloads"]
    }
    assert browser.get(page + "d/2/original").status_code == 403
    owner.patch(f"/shares/{share_id}", json={"downloads": "on"})
    owner.post(f"/shares/{share_id}/withdrawals", json={"asset_id": asset_id})
    assert browser.get(page + "d/1/original").status_code == 404
    assert browser.get(page + "bundle/original").status_code == 503
    assert browser.get(page + "d/2/original").status_code == 200
    assert owner.post(f"/shares/{share_id}/revocation").json() == {"revoked": True, "now": True}
    assert browser.get(page).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PATCH", "/shares/none", {"downloads": "off"}, 404),
        ("PATCH", "/shares/{share}", {"downloads": "maybe"}, 422),
        ("PATCH", "/shares/{share}", {"password": "my secret"}, 422),
        ("PATCH", "/shares/{share}", {"expires_on": "2020-01-01"}, 422),
        ("POST", "/shares/{share}/withdrawals", {"asset_id": "elsewhere"}, 422),
        ("POST", "/shares/{share}/withdrawals", {}, 422),
        ("POST", "/shares/{share}/assets", {"asset_id": "Campaign/ridge 1.jpg"}, 422),
        ("PATCH", "/shares/{share}", {"asset_ids": ["Campaign/ridge 1.jpg"]}, 422),
        ("POST", "/shares/none/assets", {}, 404),
        ("POST", "/shares/none/revocation", {}, 404),
    ],
)
def test_a_change_that_makes_no_sense_is_refused_by_name(
    installation, owner, method, path, body, status
):
    share_id = publish(installation)
    answer = owner.request(method, path.replace("{share}", str(share_id)), json=body)

    assert answer.status_code == status
    assert answer.json()["error"]
    assert "my secret" not in answer.text


def test_whoever_adds_an_asset_to_a_share_is_told_to_make_a_new_one(installation, owner):
    share = keep_share(installation)

    added = owner.post(f"/shares/{share.id}/assets", json={"asset_id": "a.jpg"})
    changed = owner.patch(f"/shares/{share.id}", json={"asset_ids": ["a.jpg"]})

    assert "publish a new one" in added.json()["error"]
    assert "publish a new one" in changed.json()["mistakes"][0]["problem"]


def test_terms_become_an_id_and_the_same_texts_the_same_one(owner):
    texts = {"en": "Print with credit only.", "it": "Stampare solo con credito."}
    ids = {owner.post("/terms", json={"texts": texts}).json()["terms"] for _ in range(2)}

    assert len(ids) == 1
    assert len(ids.pop()) == 64


@pytest.mark.parametrize(
    "body", [{"texts": {}}, {"texts": {"en": " "}}, {"texts": {"../x": "Rules"}}, {"text": "Rules"}]
)
def test_terms_that_cannot_be_any_are_refused(owner, body):
    assert owner.post("/terms", json=body).status_code == 422


def test_the_desk_takes_a_logo_and_a_brand(installation, desk):
    mark = b'<svg xmlns="http://www.w3.org/2000/svg" width="60" height="20"><rect width="9" height="9"/></svg>'
    logo = desk.post("/logos", content=mark, headers=KEY).json()["logo"]

    body = {"logo": logo, "accent": "#ffd400", "contact": "press@halden.example"}
    answer = desk.patch("/brand", json=body, headers=KEY)

    assert sorted(answer.json()["changed"]) == ["accent", "contact", "logo"]
    assert "#836b00" in answer.json()["notes"][0]
    assert desk.post("/logos", content=b"no picture", headers=KEY).status_code == 422
    assert desk.patch("/brand", json={"colour": "red"}, headers=KEY).status_code == 422
