import base64
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.errors import SettingMissing
from services.links import hash_token, is_token, make_grant, show_link
from services.seals import SealBroken, Seals

SEALS = Seals(base64.b64encode(bytes(range(32))).decode())


@given(st.binary(max_size=500))
def test_what_is_sealed_can_be_opened_for_the_same_row_only(value):
    sealed = SEALS.seal(value, purpose="link", row="1")

    assert SEALS.open(sealed, purpose="link", row="1") == value
    for purpose, row in (("link", "2"), ("letter", "1")):
        with pytest.raises(SealBroken):
            SEALS.open(sealed, purpose=purpose, row=row)


def test_another_key_opens_nothing():
    sealed = SEALS.seal(b"secret", purpose="link", row="1")

    with pytest.raises(SealBroken):
        Seals(base64.b64encode(bytes(range(1, 33))).decode()).open(sealed, purpose="link", row="1")


@pytest.mark.parametrize("key", ["", "short", base64.b64encode(b"k" * 31).decode()])
def test_without_a_key_of_its_own_nothing_starts(key):
    with pytest.raises(SettingMissing, match="VITRINE_LINK_KEY"):
        Seals(key)


def test_a_link_has_128_random_bits_and_the_row_knows_only_their_hash():
    grants = [make_grant(SEALS, uuid4()) for _ in range(50)]

    tokens = [show_link(SEALS, grant, "https://share.example/").split("/")[-2] for grant in grants]
    assert len(set(tokens)) == 50
    assert all(is_token(token) for token in tokens)
    assert [grant.token_sha256 for grant in grants] == [hash_token(token) for token in tokens]
    assert not any(
        token.encode() in grant.token_enc for token, grant in zip(tokens, grants, strict=True)
    )
