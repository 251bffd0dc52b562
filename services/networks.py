"""Addresses as networks: what one person can easily change their address within."""

import ipaddress

_NETWORK_BITS = {4: 24, 6: 56}


def find_network(address: str) -> str:
    """Truncate an address to its network: /24, or /56 for IPv6; anything else stays as it is."""
    try:
        version = ipaddress.ip_address(address).version
    except ValueError:
        return address
    return str(ipaddress.ip_network(f"{address}/{_NETWORK_BITS[version]}", strict=False))
