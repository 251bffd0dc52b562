"""Ports: a busy one is stepped around."""

import fcntl
import os
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

_TRIES = 50
_TURN_SECONDS = 60.0


@contextmanager
def in_turn() -> Iterator[None]:
    """Let the stacks of a machine take their ports one after the other.

    The gateway's server shares a port that another one of the same user listens on: two stacks that
    found the same port free would answer each other's recipients. Whoever waits in vain goes on.
    """
    turn = os.open(tempfile.gettempdir(), os.O_RDONLY)
    deadline = time.monotonic() + _TURN_SECONDS
    try:
        while not _take(turn) and time.monotonic() < deadline:
            time.sleep(0.1)
        yield
    finally:
        os.close(turn)


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


def _take(turn: int) -> bool:
    try:
        fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
