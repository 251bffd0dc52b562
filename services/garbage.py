"""Collect renditions that no share needs: two statements, and numbers that are never used twice.

The first statement locks what seems to be needed by nobody, the second looks again: in one statement
the look would be as old as its beginning, and what was referred to meanwhile would be lost (2 in
4,000 when it was tried). Whoever refers to a rendition does so before looking whether it exists, and
holds what it found until the reference is committed, so that either the lock or the look fails.

The row goes before its file: a collector that is killed between leaves a file that nobody names,
which the look for orphans finds. A file's number is never given again, so that a collector that was
asleep removes nothing that was made since.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from models.base import new_id
from models.kinds import EventKind, RenditionState
from models.rendition import Rendition, RenditionRef, rendition_store_key
from services.history import event_key, record
from services.installation import Installation
from services.moments import reach

_BATCH = 500


@dataclass(frozen=True)
class Collected:
    """How many rows went, and how many files with them."""

    rows: int = 0
    files: int = 0


def collect_renditions(installation: Installation) -> Collected:
    """Remove every rendition that no share has needed for longer than the time of grace."""
    _mark(installation)
    rows = files = 0
    while some := _collect_some(installation):
        rows += len(some)
        places = [rendition_store_key(key, number) for key, number, has_file in some if has_file]
        installation.store.delete(places)
        files += len(places)
        reach("collect:files_removed")
    return Collected(rows, files)


def note_collected(installation: Installation, counts: Mapping[str, int]) -> None:
    """Put on record how much was collected, if anything was."""
    if not any(counts.values()):
        return
    with installation.transaction() as session:
        record(
            session,
            EventKind.GARBAGE_COLLECTED,
            key=event_key("garbage", new_id()),
            payload=dict(counts),
        )


def _mark(installation: Installation) -> None:
    """Note since when nobody needs what nobody needs, and forget it of what is needed again."""
    needed = exists().where(RenditionRef.key == Rendition.key)
    with installation.transaction() as session:
        session.execute(
            update(Rendition)
            .where(Rendition.unneeded_at.is_(None), ~needed)
            .values(unneeded_at=func.vitrine_now())
        )
        session.execute(
            update(Rendition)
            .where(Rendition.unneeded_at.is_not(None), needed)
            .values(unneeded_at=None)
        )
    reach("collect:marked")


def _collect_some(installation: Installation) -> list[tuple[str, int, bool]]:
    """Remove the rows of some, and say of which files they were."""
    grace = timedelta(hours=installation.settings.garbage_grace_hours)
    while True:
        with installation.transaction() as session:
            found = session.execute(_select_unneeded(grace)).all()
            reach("collect:locked")
            needed = _find_needed(session, [key for key, *_ in found])
            free = [one for one in found if one[0] not in needed]
            session.execute(delete(Rendition).where(Rendition.key.in_([key for key, *_ in free])))
        reach("collect:rows_removed")
        if free or not found:
            return list(free)


def _select_unneeded(grace: timedelta) -> Any:
    """Lock renditions without a reference; what wraps another one is collected before it."""
    wrapping = aliased(Rendition)
    is_idle = or_(
        Rendition.state != RenditionState.MAKING,
        Rendition.lease_until < func.vitrine_now() - grace,
    )
    has_file = Rendition.splices.is_(None) & (Rendition.state != RenditionState.FAILED)
    return (
        select(Rendition.key, Rendition.generation, has_file)
        .where(
            Rendition.unneeded_at <= func.vitrine_now() - grace,
            is_idle,
            ~exists().where(RenditionRef.key == Rendition.key),
            ~exists().where(wrapping.wraps == Rendition.key, wrapping.wraps != ""),
        )
        .order_by(Rendition.unneeded_at)
        .limit(_BATCH)
        .with_for_update(skip_locked=True, of=Rendition)
    )


def _find_needed(session: Session, keys: Sequence[str]) -> set[str]:
    """Look again, now that nobody can come to rely on these: which are needed after all."""
    referred = select(RenditionRef.key).where(RenditionRef.key.in_(keys))
    wrapped = select(Rendition.wraps).where(Rendition.wraps.in_(keys), Rendition.wraps != "")
    return {*session.scalars(referred), *session.scalars(wrapped)}
