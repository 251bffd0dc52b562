"""The chain of events: each is bound to all before it, and a seal closes up to a thousand of them.

The line of an event (`services/chain/rows.py`) stands for all that the event holds. Its entry is its
id (8 bytes, big-endian) and the SHA-256 of its line; a link of the chain is the SHA-256 of the link
before and the entry. What is signed is the line of a seal, byte for byte.
"""

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from itertools import starmap
from struct import Struct
from typing import Any

#: The chain before the first event.
START = bytes(32)
MOST_EVENTS = 1000
_ENTRY = Struct(">Q32s")
ENTRY_BYTES = _ENTRY.size


class LineUnreadable(ValueError):
    """A line is not what it should be."""


@dataclass(frozen=True)
class Entry:
    """What a seal remembers of an event."""

    id: int
    digest: bytes


@dataclass(frozen=True)
class Seal:
    """What is signed of a seal: digests in hex, `at` in ISO 8601, `key` the name of the key."""

    seal: int
    count: int
    first_xid: int
    first_id: int
    last_xid: int
    last_id: int
    start: str
    head: str
    previous: str
    key: str
    at: str

    def to_line(self) -> bytes:
        """Write it as one line of JSON, without an end of line: these bytes are signed."""
        return write_line(asdict(self))


@dataclass(frozen=True)
class Anchor:
    """A seal that was noted elsewhere: its number and, in hex, the chain after its last event."""

    seal: int
    head: str

    def __str__(self) -> str:
        return f"{self.seal}:{self.head}"


def read_anchor(text: str) -> Anchor:
    """Read an anchor as `vitrine history anchor` prints it.

    Raises:
        ValueError: it is none.
    """
    number, _, head = text.strip().partition(":")
    if not number.isdecimal() or len(head) != 2 * len(START):
        raise ValueError("an anchor looks like 17:6f0c… with 64 letters after the colon")
    bytes.fromhex(head)
    return Anchor(int(number), head.lower())


def read_seal(line: bytes) -> Seal:
    """Read the line of a seal.

    Raises:
        LineUnreadable: it is none.
    """
    found = read_line(line)
    kinds = {one.name: one.type for one in fields(Seal)}
    if found.keys() != kinds.keys() or not all(
        type(found[name]) is kind for name, kind in kinds.items()
    ):
        raise LineUnreadable("this is no seal")
    return Seal(**found)


def write_line(content: dict[str, Any]) -> bytes:
    """Write one line of JSON as we write it everywhere: in the given order, without spaces."""
    return json.dumps(content, separators=(",", ":")).encode()


def read_line(line: bytes) -> dict[str, Any]:
    """Read one line of JSON.

    Raises:
        LineUnreadable: it is no JSON object.
    """
    try:
        found = json.loads(line)
    except ValueError as error:
        raise LineUnreadable("this is no JSON") from error
    if not isinstance(found, dict):
        raise LineUnreadable("this is no JSON object")
    return found


def read_base64(text: object) -> bytes:
    """Read bytes that were written in base64.

    Raises:
        LineUnreadable: they were not.
    """
    try:
        return base64.b64decode(str(text), validate=True)
    except ValueError as error:
        raise LineUnreadable("this is no base64") from error


def write_base64(content: bytes) -> str:
    """Write bytes in base64."""
    return base64.b64encode(content).decode()


def digest_line(line: bytes) -> bytes:
    """Digest a line, without its end of line, in 32 bytes."""
    return hashlib.sha256(line).digest()


def write_entry(event_id: int, line: bytes) -> bytes:
    """Write the entry of an event, 40 bytes."""
    return _ENTRY.pack(event_id, digest_line(line))


def read_entries(entries: bytes) -> Iterator[Entry]:
    """Read entries that lie one behind the other.

    Raises:
        LineUnreadable: the last one is not whole.
    """
    if len(entries) % ENTRY_BYTES:
        raise LineUnreadable("the last entry is not whole")
    return starmap(Entry, _ENTRY.iter_unpack(entries))


def follow(link: bytes, entries: bytes) -> bytes:
    """Follow the chain from a link over entries, and return the link after the last."""
    for place in range(0, len(entries), ENTRY_BYTES):
        link = hashlib.sha256(link + entries[place : place + ENTRY_BYTES]).digest()
    return link
