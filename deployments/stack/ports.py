"""Ports: a busy one is stepped around."""

import socket

_TRIES = 50


def find_port(wanted: int, *, taken: frozenset[int] = frozenset()) -> int:
    """Find the first free port from `wanted` on, leaving out those that are promised already.

    Raises:
        OSError: fifty in a row are busy.
    """
    for port in range(wanted, min(wanted + _TRIES, 65536)):
        if port not in taken and _is_free(port):
            return port
    raise OSError(f"no free port from {wanted} to {wanted + _TRIES - 1}: set another one")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do it: a port in TIME_WAIT is free, one that is listened on is not.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
