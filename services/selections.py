"""What a recipient picks: a zip of exactly that, planned when it is asked for and kept."""

import hashlib
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models.bundle import Selection
from models.kinds import Actor, EventKind
from services.access import Admission
from services.bundling import plan_zip
from services.contents import read_contents
from services.errors import FormatNotOffered, SelectionEmpty
from services.history import event_key, record
from services.installation import Installation

#: The plans of more than these are made again when somebody asks.
_MOST_KEPT = 500


def plan_selection(
    installation: Installation, admission: Admission, positions: Sequence[int], name: str
) -> str:
    """Plan the zip of some assets in one format, or find the plan, and return its digest.

    What is not in the share, or not any more, is not in the zip.

    Raises:
        FormatNotOffered: the share has no such format.
        SelectionEmpty: nothing was picked that is still there.
    """
    share = admission.share
    if name not in share.formats:
        raise FormatNotOffered
    with installation.transaction() as session:
        contents = read_contents(session, share)
    wanted = frozenset(positions) - admission.withdrawn
    assets = [one for one in contents.assets if one.position in wanted]
    if not assets:
        raise SelectionEmpty
    picked = [one.position for one in assets]
    digest = hashlib.sha256(",".join(map(str, picked)).encode()).hexdigest()[:32]
    if _is_kept(installation, share.id, digest, name):
        return digest
    row = plan_zip(installation, contents, assets, name, title=share.title)
    if not row["entry_count"]:
        raise SelectionEmpty
    with installation.transaction() as session:
        values = {**row, "digest": digest, "positions": picked}
        session.execute(insert(Selection).values(values).on_conflict_do_nothing())
        _forget_oldest(session, share.id)
        record(
            session,
            EventKind.SELECTION_PLANNED,
            key=event_key(share.id, "selection", digest, name, row["etag"]),
            actor=Actor.RECIPIENT,
            share_id=share.id,
            grant_id=admission.grant.id,
            payload={"format": name, "files": row["entry_count"], "bytes": row["size_bytes"]},
        )
    return digest


def _is_kept(installation: Installation, share_id: UUID, digest: str, name: str) -> bool:
    with installation.transaction() as session:
        return session.get(Selection, (share_id, digest, name)) is not None


def _forget_oldest(session: Session, share_id: UUID) -> None:
    """Keep the plans of the last ones: nobody fills the disk by picking."""
    newest = (
        select(Selection.asked_at)
        .where(Selection.share_id == share_id)
        .order_by(Selection.asked_at.desc())
        .offset(_MOST_KEPT)
        .limit(1)
    )
    session.execute(
        delete(Selection).where(
            Selection.share_id == share_id, Selection.asked_at <= newest.scalar_subquery()
        )
    )
