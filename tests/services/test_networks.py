import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.networks import find_client, find_network, read_networks
from services.settings import Settings

PROXIES = read_networks("10.0.0.0/8, 127.0.0.1")


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "1.2.3.4, 198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "1.2.3.4, 198.51.100.1, 10.1.1.1", "198.51.100.1"),
        ("127.0.0.1", "198.51.100.1, nonsense", "127.0.0.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "2001:db8::1", "2001:db8::1"),
        ("", "198.51.100.1", ""),
    ],
)
def test_the_nearest_address_that_no_trusted_proxy_has_is_the_client(peer, forwarded, client):
    assert find_client(peer, forwarded, PROXIES) == client


@given(made_up=st.text(max_size=200))
def test_nothing_that_a_visitor_makes_up_changes_who_they_are(made_up):
    assert find_client("127.0.0.1", f"{made_up},198.51.100.1", PROXIES) == "198.51.100.1"


@pytest.mark.parametrize("everybody", ["*", "0.0.0.0/0", "::/0", "10.0.0.0/8,0.0.0.0/0"])
def test_to_trust_everybody_is_refused(everybody):
    with pytest.raises(ValidationError):
        Settings(trusted_proxies=everybody)


def test_an_address_is_shortened_to_what_its_owner_can_change_within():
    assert find_network("198.51.100.77") == "198.51.100.0/24"
    assert find_network("2001:db8:1:2ff::1") == "2001:db8:1:200::/56"
