"""Purge shares whose time to be kept is over: everything of them goes, and a receipt stays.

The list of what has to go is written when a purge begins, and each item is done as often as it takes:
a purge that was killed goes on where it stood, and two at once do each share once. Then everything
is looked for once more; only what is found nowhere ends as purged. Originals of the DAM are never
touched. Renditions lose the reference of the share and are left to the collection of garbage.
"""

import hashlib
import logging
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Uuid, all_, delete, exists, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from models.kinds import PurgeKind, ShareState
from models.purge_item import PurgeItem
from models.share import Share
from services.history import event_key
from services.installation import Installation
from services.letters import discard_kept_letters
from services.lifecycle import move, move_all
from services.moments import reach
from services.purge_list import list_removals, write_list
from services.purge_look import find_left_over
from services.scrubbing import scrub
from services.versions import find_version

log = logging.getLogger(__name__)
_BATCH = 20


@dataclass(frozen=True)
class PurgeResult:
    """What became of shares that are being purged: those that are gone, and those that are not yet."""

    purged: tuple[UUID, ...]
    left: tuple[UUID, ...]


def begin_purges(installation: Installation) -> int:
    """Begin to purge every share that was closed long enough ago, and return how many.

    From then on it cannot be opened again.
    """
    count = 0
    while began := _begin_some(installation):
        count += began
    return count


def _begin_some(installation: Installation) -> int:
    days = timedelta(days=installation.settings.purge_after_days)
    due = (
        select(Share.id)
        .where(
            Share.state.in_([ShareState.EXPIRED, ShareState.REVOKED]),
            Share.closed_at <= func.vitrine_now() - days,
        )
        .order_by(Share.closed_at)
        .limit(_BATCH)
        .with_for_update(skip_locked=True)
    )
    with installation.transaction() as session:
        ids = session.scalars(due).all()
        if not ids:
            return 0
        for source in (ShareState.EXPIRED, ShareState.REVOKED):
            move_all(session, ids, source, ShareState.PURGING, occasion="purging")
        reach("purge:state_written")
        write_list(installation, session, ids)
        reach("purge:list_written")
    reach("purge:begun")
    return len(ids)


def carry_out_purges(installation: Installation) -> PurgeResult:
    """Do what is on the lists, look, and write the receipts.

    A share from which Prefect has not yet forgotten its runs is left as it is, for the next time.
    """
    purged: list[UUID] = []
    tried: set[UUID] = set()
    while True:
        with _holding_some(installation, tried) as (session, ids):
            if not ids:
                break
            tried.update(ids)
            _remove(installation, ids)
            purged += _finish(installation, session, ids)
        reach("purge:receipts_kept")
    with installation.transaction() as session:
        left = session.scalars(select(Share.id).where(Share.state == ShareState.PURGING)).all()
    return PurgeResult(tuple(purged), tuple(left))


@contextmanager
def _holding_some(
    installation: Installation, tried: Collection[UUID]
) -> Iterator[tuple[Session, list[UUID]]]:
    """Lock some shares for as long as they are worked on; a worker that dies lets go of them."""
    waits = exists().where(PurgeItem.share_id == Share.id, PurgeItem.is_done.is_(False))
    is_workable = or_(waits.where(PurgeItem.kind != PurgeKind.RUN), ~waits)
    statement = (
        select(Share.id)
        .where(
            Share.state == ShareState.PURGING,
            is_workable,
            Share.id != all_(literal(list(tried), ARRAY(Uuid()))),
        )
        .order_by(Share.closed_at, Share.id)
        .limit(_BATCH)
        .with_for_update(skip_locked=True)
    )
    with installation.transaction() as session:
        yield session, list(session.scalars(statement))


def _remove(installation: Installation, ids: Sequence[UUID]) -> None:
    """Remove letters, folders and rows, each step durable before the next."""
    letters = _list_keys(installation, ids, PurgeKind.LETTER)
    discard_kept_letters(installation, map(UUID, letters))
    reach("purge:letters_removed")
    _note_done(installation, ids, PurgeKind.LETTER)
    for folder in _list_keys(installation, ids, PurgeKind.FOLDER):
        installation.store.delete_folder(folder)
        reach("purge:folder_removed")
    _note_done(installation, ids, PurgeKind.FOLDER)
    reach("purge:folders_done")
    with installation.transaction() as session:
        for table, condition in list_removals(installation, ids):
            session.execute(delete(table).where(condition))
        reach("purge:rows_removed")
        _mark_done(session, ids, PurgeKind.ROWS)
    reach("purge:rows_done")


def _finish(installation: Installation, session: Session, ids: Sequence[UUID]) -> list[UUID]:
    """Look for what should be gone, and write the receipts of those of which nothing is left."""
    left_over = find_left_over(installation, session, ids)
    reach("purge:looked")
    waiting = set(
        session.scalars(
            select(PurgeItem.share_id).where(
                PurgeItem.share_id.in_(ids), PurgeItem.is_done.is_(False)
            )
        )
    )
    for share_id, count in left_over.items():
        log.warning("share %s: %d things are left after its purge", share_id, count)
    # Done, and not gone: it is to be done again.
    is_again = PurgeItem.share_id.in_(list(left_over)) & (PurgeItem.kind != PurgeKind.RUN)
    session.execute(update(PurgeItem).where(is_again).values(is_done=False))
    clean = [one for one in ids if one not in waiting and one not in left_over]
    shares = session.scalars(select(Share).where(Share.id.in_(clean)).order_by(Share.id)).all()
    for share in shares:
        _write_receipt(session, share)
        reach("purge:receipt_written")
    return clean


def _write_receipt(session: Session, share: Share) -> None:
    items = session.scalars(select(PurgeItem).where(PurgeItem.share_id == share.id)).all()
    lines = sorted(f"{one.kind.value} {one.key} {one.count} {one.digest}" for one in items)
    counts = {kind.value: sum(one.count for one in items if one.kind is kind) for kind in PurgeKind}
    receipt = {
        "removed": counts,
        "keys": hashlib.sha256("\n".join(lines).encode()).hexdigest(),
        "version": find_version(),
    }
    session.execute(delete(PurgeItem).where(PurgeItem.share_id == share.id))
    scrub(share)
    key = event_key(share.id, "purged")
    move(session, share, ShareState.PURGED, key=key, payload=receipt)


def _list_keys(installation: Installation, ids: Sequence[UUID], kind: PurgeKind) -> list[str]:
    statement = select(PurgeItem.key).where(
        PurgeItem.share_id.in_(ids), PurgeItem.kind == kind, PurgeItem.is_done.is_(False)
    )
    with installation.transaction() as session:
        return list(session.scalars(statement.order_by(PurgeItem.key)))


def _note_done(installation: Installation, ids: Sequence[UUID], kind: PurgeKind) -> None:
    with installation.transaction() as session:
        _mark_done(session, ids, kind)


def _mark_done(session: Session, ids: Sequence[UUID], kind: PurgeKind) -> None:
    session.execute(
        update(PurgeItem)
        .where(PurgeItem.share_id.in_(ids), PurgeItem.kind == kind)
        .values(is_done=True)
    )


def list_runs(installation: Installation, count: int) -> list[str]:
    """List runs that Prefect has still to forget, at most so many."""
    statement = (
        select(PurgeItem.key)
        .where(PurgeItem.kind == PurgeKind.RUN, PurgeItem.is_done.is_(False))
        .order_by(PurgeItem.key)
        .limit(count)
    )
    with installation.transaction() as session:
        return list(session.scalars(statement))


def note_forgotten(installation: Installation, runs: Sequence[str]) -> None:
    """Note that Prefect knows these runs no more."""
    statement = update(PurgeItem).where(PurgeItem.kind == PurgeKind.RUN, PurgeItem.key.in_(runs))
    with installation.transaction() as session:
        session.execute(statement.values(is_done=True))
