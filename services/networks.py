"""Addresses as networks: what one person can easily change their address within."""

import ipaddress
from collections.abc import Collection
from functools import lru_cache

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_NETWORK_BITS = {4: 24, 6: 56}


def find_network(address: str) -> str:
    """Truncate an address to its network: /24, or /56 for IPv6; anything else stays as it is."""
    try:
        version = ipaddress.ip_address(address).version
    except ValueError:
        return address
    return str(ipaddress.ip_network(f"{address}/{_NETWORK_BITS[version]}", strict=False))


@lru_cache(maxsize=8)
def read_networks(text: str) -> tuple[Network, ...]:
    """Read networks or addresses with commas between.

    Raises:
        ValueError: one of them is none.
    """
    return tuple(ipaddress.ip_network(one.strip()) for one in text.split(",") if one.strip())


def find_client(peer: str, forwarded: str, trusted: Collection[Network]) -> str:
    """Find who asks: the peer, or whom a trusted proxy names.

    Each proxy adds at the right whom it was asked by, so that the list is believed from there on as
    long as trusted ones speak; what stands further left the visitor may have made up.
    """
    client = peer
    for name in reversed(forwarded.split(",")):
        if not _is_within(client, trusted) or not _is_address(name.strip()):
            break
        client = name.strip()
    return client


def _is_within(address: str, networks: Collection[Network]) -> bool:
    if not networks or not _is_address(address):
        return False
    return any(ipaddress.ip_address(address) in network for network in networks)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
