"""After a purge: look for everything that should be gone, in the database, the store and the mail."""

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import HistoryEvent, HistoryPerson, Invitation, Password
from models.kinds import PurgeKind
from models.purge_item import PurgeItem
from services.installation import Installation
from services.letters import find_kept_letters
from services.purge_list import (
    list_bound_tables,
    name_folders,
    pick_invitations,
    pick_passwords,
    pick_people,
)


def find_left_over(
    installation: Installation, session: Session, ids: Sequence[UUID]
) -> Counter[UUID]:
    """Count what is still there of each share; those of which nothing is left are not in it.

    What shares have in common (a password of two of them) is charged to all of these.
    """
    found = _count_rows(installation, session, ids)
    for share_id in ids:
        folders = name_folders(share_id)
        found[share_id] += sum(1 for one in folders for _ in installation.store.list_keys(one))
    letters = select(PurgeItem.share_id, PurgeItem.key).where(
        PurgeItem.share_id.in_(ids), PurgeItem.kind == PurgeKind.LETTER
    )
    for share_id, letter in session.execute(letters):
        found[share_id] += len(find_kept_letters(installation, UUID(letter)))
    return +found


def _count_rows(installation: Installation, session: Session, ids: Sequence[UUID]) -> Counter[UUID]:
    found: Counter[UUID] = Counter()
    for table, condition in list_bound_tables():
        # Rows that are bound through another table's cannot outlive those: the key forbids it.
        if "share_id" in table.columns:
            counted = select(table.c.share_id, func.count()).where(condition(ids))
            found.update(dict(session.execute(counted.group_by(table.c.share_id)).all()))
    people = (
        select(HistoryEvent.share_id, func.count())
        .join(HistoryPerson, HistoryPerson.event_id == HistoryEvent.id)
        .where(HistoryEvent.share_id.in_(ids), pick_people(installation, ids))
    )
    told = session.execute(people.group_by(HistoryEvent.share_id))
    found.update({share_id: count for share_id, count in told if share_id is not None})
    kept = (select(Password.id).where(pick_passwords(ids))).union_all(
        select(Invitation.id).where(pick_invitations(ids))
    )
    in_common = session.scalar(select(func.count()).select_from(kept.subquery())) or 0
    if in_common:
        found.update(dict.fromkeys(ids, in_common))
    return found
