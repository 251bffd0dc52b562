import base64

import pytest

from models import Password
from services.errors import PasswordUnusable
from services.passwords import find_weaknesses, hash_password, is_right, keep_password
from services.seals import Seals
from services.settings import Settings


def test_four_characters_are_enough_and_three_are_not(installation):
    keep_password(installation, "kÄs3")
    for refused in ("abc", " ab ", "", "x" * 257):
        with pytest.raises(PasswordUnusable, match="4 to 256"):
            keep_password(installation, refused)


@pytest.mark.parametrize(
    ("text", "weakness"),
    [
        ("password", "tried first"),
        ("PASSWORD", "tried first"),
        ("zzzz", "again and again"),
        ("4567", "neighbouring"),
        ("lkjh", "neighbouring"),
        ("4821", "digits only"),
        ("k4se", "fewer than 10"),
    ],
)
def test_what_is_weak_is_named_and_kept_all_the_same(installation, text, weakness):
    _, warnings = keep_password(installation, text)

    assert any(weakness in one for one in warnings)


def test_a_good_one_is_not_warned_of():
    assert list(find_weaknesses("larch meadow copper tide")) == []


def test_an_installation_may_refuse_weak_ones(installation, monkeypatch):
    strict = installation.settings.model_copy(update={"refuse_weak_passwords": True})
    monkeypatch.setattr(installation, "settings", strict)

    with pytest.raises(PasswordUnusable, match="digits only"):
        keep_password(installation, "4821")
    keep_password(installation, "larch meadow copper tide")


def test_a_stolen_hash_is_worthless_without_the_installations_key(installation):
    other = Seals(base64.b64encode(bytes(range(1, 33))).decode())
    hashed = hash_password(installation.seals, "4821")

    assert is_right(installation.seals, hashed, "4821")
    assert not is_right(other, hashed, "4821")
    assert hash_password(installation.seals, "4821") != hashed


def test_only_the_hash_is_kept(installation):
    password_id, _ = keep_password(installation, "larch meadow")

    with installation.transaction() as session:
        row = session.get_one(Password, password_id)
    assert "larch" not in row.hash
    assert not Settings().refuse_weak_passwords
