"""Whether a history is what it was: checked from its own lines and public keys alone.

Needs neither the database nor anything of ours but these lines; docs/history.md says how to do the
same in another language. Reads the lines once and keeps those of one seal in memory.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from services.bundles.signature import is_signed
from services.chain.links import (
    MOST_EVENTS,
    START,
    Anchor,
    Entry,
    LineUnreadable,
    Seal,
    follow,
    read_base64,
    read_entries,
    read_line,
    read_seal,
)
from services.chain.verdict import Harm, HistoryBroken, HistoryVerdict, name_harm
from services.history import commit_to

#: How the first line of an export begins.
MARK = b'{"vitrine":"history"'
_EVENT, _PERSON, _SEAL, _END = b'{"id":', b'{"of":', b'{"seal":', b'{"end":'
_VERSION = 1
#: No line has an end of line in it.
_NOTHING = b"\n"


def verify_lines(
    lines: Iterable[bytes], keys: Mapping[str, bytes], anchor: Anchor | None = None
) -> HistoryVerdict:
    """Check an export, line by line, against public keys by their names.

    Args:
        lines: those of the verifiable form, without their ends.
        keys: 32 bytes each.
        anchor: a seal that was noted elsewhere, which must be in it.
    """
    reading = _Reading(iter(lines), keys, anchor)
    try:
        reading.read()
    except HistoryBroken as broken:
        return reading.judge(broken)
    except (ValueError, KeyError, TypeError):
        # Whatever it is that is not as we write it: nothing of ours raises these.
        return reading.judge(HistoryBroken(Harm.UNREADABLE, "a line is not as we write it"))
    return reading.judge(None)


class _Reading:
    """Where a check stands."""

    def __init__(
        self, lines: Iterator[bytes], keys: Mapping[str, bytes], anchor: Anchor | None
    ) -> None:
        self._lines = lines
        self._keys = keys
        self._anchor = anchor
        self._digest = hashlib.sha256()
        self._number = 0
        self._share: str | None = None
        self._last: Seal | None = None
        self._previous = START
        self._used: dict[str, None] = {}
        self._events = 0
        self._unsealed = 0
        self._is_anchored = False
        self._line = b""
        self._advance()

    def read(self) -> None:
        """Read all of it."""
        head = self._take()
        found = read_line(head) if head.startswith(MARK) else {}
        if found.get("version") != _VERSION:
            raise HistoryBroken(Harm.UNREADABLE, "this is no history that this version can read")
        self._share = found.get("share")
        while self._line.startswith(_SEAL):
            self._read_seal()
        self._read_end()

    def judge(self, broken: HistoryBroken | None) -> HistoryVerdict:
        """Say what was found up to here."""
        return HistoryVerdict(
            share=self._share or "",
            events=self._events,
            seals=self._last.seal if self._last else 0,
            unsealed=self._unsealed,
            head=self._last.head if self._last else "",
            sealed_at=self._last.at if self._last else "",
            keys=list(self._used),
            is_anchored=self._is_anchored,
            fault=str(broken) if broken else "",
            harm=broken.harm if broken else None,
            event=broken.event if broken else None,
            line=self._number,
        )

    def _advance(self) -> None:
        self._line = next(self._lines, _NOTHING)
        self._number += 1

    def _take(self) -> bytes:
        line = self._line
        self._digest.update(line)
        self._digest.update(b"\n")
        self._advance()
        return line

    def _read_seal(self) -> None:
        line = self._take()
        seal = read_seal(line)
        self._check_signature(line, seal.key, f"seal {seal.seal}")
        self._used[seal.key] = None
        self._check_place(seal)
        if self._line.startswith(b'{"entries":'):
            self._read_events(seal)
        elif self._share is None:
            raise HistoryBroken(Harm.DROPPED, f"the entries of seal {seal.seal} were dropped")
        self._last, self._previous = seal, hashlib.sha256(line).digest()
        if self._anchor and self._anchor.seal == seal.seal:
            if self._anchor.head != seal.head:
                what = f"seal {seal.seal} is not the one that was noted: the history was rewritten"
                raise HistoryBroken(Harm.REWRITTEN, what)
            self._is_anchored = True

    def _check_signature(self, content: bytes, key: str, what: str) -> None:
        signature = read_base64(read_line(self._take()).get("signature"))
        if key not in self._keys:
            text = f"{what} was signed with the key {key}, which is not among those given"
            raise HistoryBroken(Harm.UNSIGNED, text)
        if not is_signed(self._keys[key], signature, content):
            raise HistoryBroken(Harm.ALTERED, f"{what} was altered: its signature does not fit")

    def _check_place(self, seal: Seal) -> None:
        last = self._last
        number, head = (last.seal + 1, last.head) if last else (1, START.hex())
        if seal.seal > number:
            raise self._miss(number, seal)
        if seal.seal < number:
            raise HistoryBroken(Harm.REORDERED, f"seal {seal.seal} stands after seal {number - 1}")
        if (seal.previous, seal.start) != (self._previous.hex(), head):
            what = f"seal {seal.seal} does not follow the one before: the history was rewritten"
            raise HistoryBroken(Harm.REWRITTEN, what)

    def _miss(self, number: int, seal: Seal) -> HistoryBroken:
        after = f"after event {self._last.last_id}" if self._last else "at its beginning"
        what = f"seal {number} was dropped, with its events: they are missing {after}"
        return HistoryBroken(Harm.DROPPED, f"{what}, before event {seal.first_id}")

    def _read_events(self, seal: Seal) -> None:
        entries = read_base64(read_line(self._take())["entries"])
        if follow(bytes.fromhex(seal.start), entries).hex() != seal.head:
            raise HistoryBroken(
                Harm.ALTERED,
                f"the entries of seal {seal.seal} were altered"
                f" (it holds events {seal.first_id} to {seal.last_id})",
            )
        expected = list(read_entries(entries))
        if self._share is not None:
            expected = self._pick(expected)
        self._compare(expected)

    def _pick(self, entries: list[Entry]) -> list[Entry]:
        picked = read_line(self._take()).get("picked")
        if not isinstance(picked, list):
            raise LineUnreadable("it does not say which events are the share's")
        wanted = set(picked)
        return [one for one in entries if one.id in wanted]

    def _compare(self, expected: list[Entry]) -> None:
        sha256, update = hashlib.sha256, self._digest.update
        for place, entry in enumerate(expected):
            line = self._line
            if sha256(line).digest() != entry.digest:
                if line.startswith(_PERSON):
                    what = f"something personal was inserted before event {entry.id}"
                    raise HistoryBroken(Harm.INSERTED, what)
                raise name_harm(expected[place:], self._list_events())
            update(line + b"\n")
            self._advance()
            if self._line.startswith(_PERSON):
                self._check_person(line)
        if self._line.startswith(_EVENT):
            raise name_harm([], self._list_events())
        self._events += len(expected)

    def _list_events(self) -> list[bytes]:
        """List the lines that are left of this seal."""
        found: list[bytes] = []
        for line in chain([self._line], self._lines):
            if line.startswith((_SEAL, _END, _NOTHING)) or len(found) > 2 * MOST_EVENTS:
                break
            if not line.startswith(_PERSON):
                found.append(line)
        return found

    def _check_person(self, event: bytes) -> None:
        told, kept = read_line(event), read_line(self._take())
        salt, person = bytes.fromhex(str(kept.get("salt"))), kept.get("fields")
        is_right = isinstance(person, dict) and commit_to(salt, person).hex() == told["person"]
        if kept["of"] != told["id"] or not is_right:
            what = f"what is personal of event {told['id']} was altered"
            raise HistoryBroken(Harm.ALTERED, what, event=told["id"])

    def _read_end(self) -> None:
        if not self._line.startswith(_END):
            after = f" after event {self._last.last_id}" if self._last else ""
            if self._line != _NOTHING:
                raise HistoryBroken(Harm.UNREADABLE, f"a line is not as we write it{after}")
            raise HistoryBroken(Harm.TRUNCATED, f"it breaks off{after}: its end is missing")
        digest = self._digest.hexdigest()
        line = self._take()
        end: dict[str, Any] = read_line(line)
        self._check_signature(line, str(end.get("key")), "its end")
        seals = self._last.seal if self._last else 0
        if int(end["seals"]) > seals:
            what = f"seal {seals + 1} was dropped, with its events and all that came after"
            raise HistoryBroken(Harm.DROPPED, what)
        if end.get("digest") != digest:
            what = "something outside its events was altered: the digest of its end does not fit"
            raise HistoryBroken(Harm.ALTERED, what)
        self._unsealed = int(end["unsealed"])
        if self._line != _NOTHING:
            raise HistoryBroken(Harm.INSERTED, "something stands behind its end")
        self._check_anchor()

    def _check_anchor(self) -> None:
        if self._anchor is None or self._is_anchored:
            return
        last = f"seal {self._last.seal}" if self._last else "no seal"
        what = f"it ends with {last}, and seal {self._anchor.seal} was noted: it was truncated"
        raise HistoryBroken(Harm.TRUNCATED, what)
