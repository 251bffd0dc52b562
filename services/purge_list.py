"""What there is of a share: found from the schema, so that a new table cannot be forgotten."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Table, Text, and_, cast, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models import Base, HistoryEvent, HistoryPerson, Invitation, Outbox, Password, Share, ShareRun
from models.kinds import EventKind, PurgeKind, ShareState
from models.purge_item import PurgeItem
from services.installation import Installation

#: What tells of a share and outlives it.
_LASTING = frozenset({"share", "history_event", "purge_item"})
_BATCH = 1000


def list_bound_tables() -> list[tuple[Table, Any]]:
    """List the tables that hold rows of shares, those first on which no other depends.

    Each comes with a function from ids of shares to the condition that picks their rows. A table is
    bound by a column `share_id`, or by a foreign key to a table that is bound.
    """
    bound: dict[str, Any] = {}
    for table in Base.metadata.sorted_tables:
        if table.name in _LASTING:
            continue
        condition = _bind(table, bound)
        if condition is not None:
            bound[table.name] = condition
    tables = Base.metadata.tables
    return [(tables[name], condition) for name, condition in reversed(bound.items())]


def _bind(table: Table, bound: dict[str, Any]) -> Any:
    if "share_id" in table.columns:
        return table.c.share_id.in_
    for key in table.foreign_keys:
        parent = key.column.table
        if parent.name in bound:
            of_parent = bound[parent.name]
            return lambda ids: key.parent.in_(select(key.column).where(of_parent(ids)))
    return None


def pick_people(installation: Installation, ids: Sequence[UUID]) -> ColumnElement[bool]:
    """Pick the personal sides of events that go with these shares.

    An operator who needs evidence of acceptances keeps those, and who was invited by the links
    through which terms were accepted, for a time of their own.
    """
    of_shares = HistoryEvent.share_id.in_(ids)
    picked = HistoryPerson.event_id.in_(select(HistoryEvent.id).where(of_shares))
    if not installation.settings.evidence_retention_days:
        return picked
    return and_(picked, HistoryPerson.event_id.not_in(select_evidence(of_shares)))


def select_evidence(of_shares: ColumnElement[bool]) -> Any:
    """Select the ids of the events that show who accepted terms."""
    accepted = select(HistoryEvent.grant_id).where(
        of_shares, HistoryEvent.kind == EventKind.TERMS_ACCEPTED, HistoryEvent.grant_id.is_not(None)
    )
    invited = and_(
        HistoryEvent.kind == EventKind.LETTER_QUEUED, HistoryEvent.grant_id.in_(accepted)
    )
    return select(HistoryEvent.id).where(
        of_shares, or_(HistoryEvent.kind == EventKind.TERMS_ACCEPTED, invited)
    )


def pick_passwords(ids: Sequence[UUID]) -> ColumnElement[bool]:
    """Pick the kept passwords of these shares, and of no other that lives."""
    return _only_of(ids, Share.password_hash, Password.hash)


def pick_invitations(ids: Sequence[UUID]) -> ColumnElement[bool]:
    """Pick the lists of addresses of these shares, and of no other that lives."""
    return _only_of(ids, Share.invitation, cast(Invitation.id, Text))


def _only_of(ids: Sequence[UUID], column: Any, kept: Any) -> ColumnElement[bool]:
    used = select(column).where(Share.id.in_(ids), column != "")
    others = select(column).where(
        Share.id.not_in(ids), Share.state != ShareState.PURGED, column != ""
    )
    return and_(kept.in_(used), kept.not_in(others))


def list_removals(installation: Installation, ids: Sequence[UUID]) -> list[tuple[Table, Any]]:
    """List every table from which rows go with these shares, with the condition that picks them."""
    tables = Base.metadata.tables
    return [
        (tables["history_person"], pick_people(installation, ids)),
        (tables["password"], pick_passwords(ids)),
        (tables["invitation"], pick_invitations(ids)),
        *((table, condition(ids)) for table, condition in list_bound_tables()),
    ]


def name_folders(share_id: UUID) -> tuple[str, ...]:
    """Name the folders of the store that are a share's alone."""
    return f"pages/{share_id}/", f"plans/{share_id}/"


def write_list(installation: Installation, session: Session, ids: Sequence[UUID]) -> None:
    """Write down what there is of these shares; whoever writes it again adds what is missing."""
    rows = [
        *_list_rows(installation, session, ids),
        *_list_folders(installation, ids),
        *_list_keyed(session, PurgeKind.LETTER, Outbox.share_id, cast(Outbox.id, Text), ids),
        *_list_keyed(session, PurgeKind.RUN, ShareRun.share_id, ShareRun.run, ids),
    ]
    for start in range(0, len(rows), _BATCH):
        values = [{"count": 1, "digest": "", **row} for row in rows[start : start + _BATCH]]
        session.execute(insert(PurgeItem).on_conflict_do_nothing(), values)


def _list_rows(
    installation: Installation, session: Session, ids: Sequence[UUID]
) -> Iterator[dict[str, Any]]:
    for table, condition in list_bound_tables():
        if "share_id" not in table.columns:
            continue
        counted = (
            select(table.c.share_id, func.count()).where(condition(ids)).group_by(table.c.share_id)
        )
        for share_id, count in session.execute(counted):
            yield {"share_id": share_id, "kind": PurgeKind.ROWS, "key": table.name, "count": count}
    people = (
        select(HistoryEvent.share_id, func.count())
        .join(HistoryPerson, HistoryPerson.event_id == HistoryEvent.id)
        .where(HistoryEvent.share_id.in_(ids), pick_people(installation, ids))
        .group_by(HistoryEvent.share_id)
    )
    for share_id, count in session.execute(people):
        key = HistoryPerson.__tablename__
        yield {"share_id": share_id, "kind": PurgeKind.ROWS, "key": key, "count": count}


def _list_folders(installation: Installation, ids: Sequence[UUID]) -> Iterator[dict[str, Any]]:
    for share_id in ids:
        for folder in name_folders(share_id):
            keys = sorted(installation.store.list_keys(folder))
            digest = hashlib.sha256("\n".join(keys).encode()).hexdigest()
            found = {"key": folder, "count": len(keys), "digest": digest}
            yield {"share_id": share_id, "kind": PurgeKind.FOLDER, **found}


def _list_keyed(
    session: Session, kind: PurgeKind, share_id: Any, key: Any, ids: Sequence[UUID]
) -> Iterator[dict[str, Any]]:
    for owner, found in session.execute(select(share_id, key).where(share_id.in_(ids))):
        yield {"share_id": owner, "kind": kind, "key": found}
