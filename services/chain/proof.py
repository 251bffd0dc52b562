"""The verifiable form of a history: its lines with the seals that close them, and a signed end."""

import hashlib
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, select
from sqlalchemy.orm import Session

from models.history_seal import HistorySeal
from services.chain.links import write_base64, write_line
from services.chain.rows import select_lines
from services.chain.sealing import describe_seal, say_moment
from services.clock import read_clock
from services.signing import Signer

#: So many rows are asked for at once: what a reader has in memory.
BATCH = 2000
_STREAM = {"yield_per": BATCH}
_ISOLATION = {"isolation_level": "REPEATABLE READ"}
_ENTRIES = select(HistorySeal.entries).where(HistorySeal.number == bindparam("number"))
_Rows = Iterator[Row[Any]]


@dataclass
class ProofCount:
    """What a proof came to, once it is written."""

    events: int = 0
    seals: int = 0
    unsealed: int = 0


def write_proof(
    session: Session,
    signer: Signer,
    count: ProofCount,
    *,
    keys: Sequence[dict[str, str]] = (),
    share_id: UUID | None = None,
    is_personal: bool = False,
) -> Generator[bytes]:
    """Write the history, or that of one share, line by line and without ends of lines.

    Of one share it holds every seal, and the entries of those that close its events: they prove
    its events without telling those between. `keys` are told in its first line. All is read as of one moment, by this transaction,
    which must be a new one.
    """
    session.connection(execution_options=_ISOLATION)
    digest = hashlib.sha256()
    share = str(share_id) if share_id else None
    first = write_line({"vitrine": "history", "version": 1, "share": share, "keys": list(keys)})
    with closing(_write_body(session, count, share_id, is_personal=is_personal)) as body:
        for line in chain([first], body):
            digest.update(line)
            digest.update(b"\n")
            yield line
    end = {
        "end": "history",
        "seals": count.seals,
        "events": count.events,
        "unsealed": count.unsealed,
        "digest": digest.hexdigest(),
        "key": signer.name,
        "at": say_moment(read_clock(session)),
    }
    line = write_line(end)
    yield line
    yield write_line({"signature": write_base64(signer.sign(line))})


def _write_body(
    session: Session, count: ProofCount, share_id: UUID | None, *, is_personal: bool
) -> Generator[bytes]:
    statement = select_lines(share_id=share_id, is_personal=is_personal)
    seals = select(HistorySeal).order_by(HistorySeal.number)
    # Whoever found what they looked for reads no further: cursors end with the reading.
    with (
        closing(session.execute(statement, execution_options=_STREAM)) as rows,
        closing(session.scalars(seals, execution_options=_STREAM)) as found,
    ):
        yield from _write_blocks(session, count, _Events(iter(rows)), found, share_id, is_personal)


def _write_blocks(
    session: Session,
    count: ProofCount,
    events: "_Events",
    seals: Iterable[HistorySeal],
    share_id: UUID | None,
    is_personal: bool,
) -> Iterator[bytes]:
    for seal in seals:
        line = describe_seal(seal).to_line()
        yield line
        yield write_line({"signature": write_base64(seal.signature)})
        held = events.take_until(seal)
        if held or share_id is None:
            entries = session.scalar(_ENTRIES, {"number": seal.number}) or b""
            yield write_line({"entries": write_base64(entries)})
            if share_id is not None:
                yield write_line({"picked": [row.id for row in held]})
            yield from _write_held(held, is_personal=is_personal)
        count.seals, count.events = seal.number, count.events + len(held)
    count.unsealed = events.count_rest()


def _write_held(held: list[Row[Any]], *, is_personal: bool) -> Iterator[bytes]:
    for row in held:
        yield row.line.encode()
        if is_personal and row.fields is not None:
            yield write_line({"of": row.id, "salt": row.salt.hex(), "fields": row.fields})


class _Events:
    """Rows that are taken as far as each seal goes."""

    def __init__(self, rows: _Rows) -> None:
        self._rows = rows
        self._next = next(rows, None)

    def take_until(self, seal: HistorySeal) -> list[Row[Any]]:
        """Take the rows up to the last place of a seal."""
        taken, last = [], (seal.last_xid, seal.last_id)
        while self._next is not None and (self._next.xid, self._next.id) <= last:
            taken.append(self._next)
            self._next = next(self._rows, None)
        return taken

    def count_rest(self) -> int:
        """Count the rows behind the last seal."""
        return (self._next is not None) + sum(1 for _ in self._rows)
