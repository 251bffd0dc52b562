import asyncio
import base64
import secrets

import pytest
from pydantic import SecretStr, ValidationError
from starlette.testclient import TestClient

from deployments.stack.home import Home
from models import Invitation, Share
from services.dam.protocol import Contact
from services.errors import SettingMissing
from services.installation import Installation
from services.invitations import make_invitation, read_invitation
from services.letters import send_waiting_letters
from services.passwords import keep_password
from services.resealing import count_old_passwords, reseal
from services.seals import SealBroken, Seals
from services.settings import Settings
from tests.browsing import create_deaf_app
from tests.publishing import a_request, link_of, publish

WORD = "larch meadow"
OWN = {"sec-fetch-site": "same-origin"}


def rotate(installation, *, keeps_former=True):
    """The same installation, after its key was changed."""
    settings = installation.settings
    former = settings.link_key.get_secret_value() if keeps_former else ""
    fresh = {
        "link_key": SecretStr(base64.b64encode(secrets.token_bytes(32)).decode()),
        "former_link_keys": SecretStr(former),
    }
    return Installation(settings.model_copy(update=fresh))


def test_links_letters_and_passwords_survive_another_key(installation, tmp_path):
    password_id, _ = keep_password(installation, WORD)
    with installation.transaction() as session:
        people = [Contact("maria@paper.example", "Maria")]
        invitation = str(make_invitation(session, installation.seals, people).id)
    request = a_request(invitation=invitation, password=str(password_id))
    share_id = publish(installation, request)
    before = link_of(installation, share_id)

    rotated = rotate(installation)
    assert reseal(rotated) == 2 + 1 + 1 + 1  # grants, the invitation, the letter, the signing key
    assert reseal(rotated) == 0
    assert link_of(rotated, share_id) == before
    assert asyncio.run(send_waiting_letters(rotated)) == 1
    browser = TestClient(create_deaf_app(rotated))
    assert count_old_passwords(rotated) == 2
    entered = browser.post(before + "password", data={"password": WORD}, headers=OWN)
    assert entered.status_code == 200
    assert count_old_passwords(rotated) == 1

    forgotten = Installation(
        rotated.settings.model_copy(update={"former_link_keys": SecretStr("")})
    )
    assert link_of(forgotten, share_id) == before
    browser = TestClient(create_deaf_app(forgotten))
    entered = browser.post(before + "password", data={"password": WORD}, headers=OWN)
    assert entered.status_code == 200
    with forgotten.transaction() as session:
        row = session.query(Invitation).one()
        assert read_invitation(forgotten.seals, row) == [Contact("maria@paper.example", "Maria")]
    for one in (rotated, forgotten):
        one.close()


def test_without_the_former_key_nothing_is_opened_by_mistake(installation):
    share_id = publish(installation)
    rotated = rotate(installation, keeps_former=False)

    with pytest.raises(SealBroken):
        link_of(rotated, share_id)
    rotated.close()


def test_a_renewed_hash_asks_nobody_again(installation):
    password_id, _ = keep_password(installation, WORD)
    share_id = publish(installation, a_request(password=str(password_id)))
    page = link_of(installation, share_id)
    rotated = rotate(installation)
    browser, other = (TestClient(create_deaf_app(rotated)) for _ in range(2))

    for one in (browser, other):
        one.post(page + "password", data={"password": WORD}, headers=OWN)

    assert [one.get(page).status_code for one in (browser, other)] == [200, 200]
    with rotated.transaction() as session:
        assert session.get_one(Share, share_id).password_epoch == 0
    rotated.close()


@pytest.mark.parametrize(
    "key", ["", "short", "A" * 43 + "=", base64.b64encode(b"ab" * 16).decode()]
)
def test_a_key_that_nobody_made_at_random_is_refused(key):
    with pytest.raises(SettingMissing, match="openssl"):
        Seals(key)


@pytest.mark.parametrize("url", ["http://share.example", "ftp://share.example", "share.example"])
def test_off_this_machine_the_address_is_https(url):
    with pytest.raises(ValidationError, match="https"):
        Settings(public_url=url)


def test_the_local_stack_keeps_its_former_key_until_it_is_told_to_forget_it(tmp_path):
    home = Home(tmp_path / "home")
    home.create()
    first = home.read_keys()["VITRINE_LINK_KEY"]

    home.rotate_link_key()
    home.rotate_link_key()
    former = home.read_keys()["VITRINE_FORMER_LINK_KEYS"].split()
    assert former[-1] == first and len(former) == 2
    home.forget_former_keys()

    assert "VITRINE_FORMER_LINK_KEYS" not in home.read_keys()
    assert (home.path / "keys.env").stat().st_mode & 0o777 == 0o600
