"""Sealing: what was committed is bound to all before it, behind the write path and once.

Nothing is locked. A sealer reads the last seal and what waits behind it, and adds the seal with the
next number: of several that do so at once, one is right, and the others read again. A sealer that
is killed leaves a seal or none; one that comes back late finds its number taken.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models.history_seal import HistorySeal
from services.chain.links import MOST_EVENTS, START, Anchor, Seal, digest_line, follow, write_entry
from services.chain.rows import BEGINNING, Place, select_waiting
from services.clock import read_clock
from services.errors import HistoryMisplaced
from services.installation import Installation
from services.moments import reach
from services.signing import Signer, find_signer

#: A sealer that stands still between two statements holds nobody up for longer.
_LONGEST_PAUSE = text("SET LOCAL idle_in_transaction_session_timeout = '5min'")
_NEXT_XID = text("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")


def seal_waiting(installation: Installation) -> int:
    """Seal every event that waits, and return how many this call sealed.

    Raises:
        HistoryMisplaced: the database's transactions count from below those of the history.
    """
    signer, sealed = find_signer(installation), 0
    while (count := _seal_some(installation, signer)) != 0:
        sealed += count or 0
    return sealed


def has_waiting(installation: Installation) -> bool:
    """Whether an event waits for a seal."""
    with installation.transaction() as session:
        last = find_last_seal(session)
        # In their order, so that the index is looked at, which has none behind the last seal.
        return session.execute(select_waiting(_end_of(last), most=1)).first() is not None


def find_anchor(installation: Installation) -> Anchor | None:
    """Give the last seal as an anchor to be noted elsewhere; none before the first seal."""
    with installation.transaction() as session:
        last = find_last_seal(session)
    return Anchor(last.number, last.head.hex()) if last else None


def find_last_seal(session: Session) -> HistorySeal | None:
    """Find the newest seal."""
    return session.scalar(select(HistorySeal).order_by(HistorySeal.number.desc()).limit(1))


def describe_seal(row: HistorySeal) -> Seal:
    """Give what is signed of a seal that is kept."""
    return Seal(
        seal=row.number,
        count=row.count,
        first_xid=row.first_xid,
        first_id=row.first_id,
        last_xid=row.last_xid,
        last_id=row.last_id,
        start=row.start.hex(),
        head=row.head.hex(),
        previous=row.previous.hex(),
        key=row.key,
        at=say_moment(row.at),
    )


def say_moment(at: datetime) -> str:
    """Write a moment as lines of the history do: UTC, with microseconds and a Z."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _seal_some(installation: Installation, signer: Signer) -> int | None:
    """Add one seal, and return how many events it holds; none if another sealer was quicker."""
    with installation.transaction() as session:
        session.execute(_LONGEST_PAUSE)
        last = find_last_seal(session)
        _refuse_other_count(session, last)
        rows = session.execute(select_waiting(_end_of(last), most=MOST_EVENTS)).all()
        if not rows:
            return 0
        reach("seal:read")
        values = _close(last, rows, signer, read_clock(session))
        added = insert(HistorySeal).values(values).on_conflict_do_nothing()
        number = session.scalar(added.returning(HistorySeal.number))
        reach("seal:added")
    reach("seal:made")
    return None if number is None else len(rows)


def _close(
    last: HistorySeal | None, rows: Sequence[Any], signer: Signer, now: datetime
) -> dict[str, Any]:
    entries = b"".join(write_entry(row.id, row.line.encode()) for row in rows)
    start = last.head if last else START
    row = HistorySeal(
        number=last.number + 1 if last else 1,
        count=len(rows),
        first_xid=rows[0].xid,
        first_id=rows[0].id,
        last_xid=rows[-1].xid,
        last_id=rows[-1].id,
        start=start,
        head=follow(start, entries),
        previous=digest_line(describe_seal(last).to_line()) if last else START,
        entries=entries,
        key=signer.name,
        at=now,
    )
    row.signature = signer.sign(describe_seal(row).to_line())
    return {name: getattr(row, name) for name in HistorySeal.__table__.columns.keys()}  # noqa: SIM118


def _end_of(last: HistorySeal | None) -> Place:
    return Place(last.last_xid, last.last_id) if last else BEGINNING


def _refuse_other_count(session: Session, last: HistorySeal | None) -> None:
    """Refuse to seal in a cluster that has not counted as far as the history.

    A dump that was restored into another cluster brings the transaction ids of the old one; what
    is written now would stand before what is sealed, and never be sealed.
    """
    if last and last.last_xid >= int(session.scalar(_NEXT_XID) or 0):
        raise HistoryMisplaced
