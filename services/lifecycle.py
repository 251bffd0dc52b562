"""A share's life: the one place where its state changes, each time together with its event.

Whoever moves a share holds its row locked, so that of two who want to move it one is second and is
refused with what the share has become. `docs/architecture.md` draws the table below.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from models.kinds import Actor, EventKind, ShareState
from models.share import Share
from services.errors import ChangeRefused, ShareOver
from services.history import Event, event_key, record, record_all

_S, _E = ShareState, EventKind


@dataclass(frozen=True)
class Transition:
    """One step of a life, and the event that tells of it."""

    source: ShareState
    target: ShareState
    event: EventKind


TRANSITIONS = (
    Transition(_S.DRAFT, _S.PUBLISHING, _E.SHARE_FROZEN),
    Transition(_S.PUBLISHING, _S.OPEN, _E.SHARE_PUBLISHED),
    Transition(_S.PUBLISHING, _S.REVOKED, _E.SHARE_REVOKED),
    Transition(_S.OPEN, _S.EXPIRED, _E.SHARE_EXPIRED),
    Transition(_S.EXPIRED, _S.OPEN, _E.SHARE_REOPENED),
    Transition(_S.OPEN, _S.REVOKED, _E.SHARE_REVOKED),
    Transition(_S.EXPIRED, _S.REVOKED, _E.SHARE_REVOKED),
    Transition(_S.EXPIRED, _S.PURGING, _E.PURGE_STARTED),
    Transition(_S.REVOKED, _S.PURGING, _E.PURGE_STARTED),
    Transition(_S.PURGING, _S.PURGED, _E.SHARE_PURGED),
)
_BY_STATES = {(one.source, one.target): one for one in TRANSITIONS}

#: What a share begins as.
FIRST = ShareState.DRAFT
#: In these an owner can change a share, withdraw assets and revoke it.
CHANGEABLE = frozenset({_S.PUBLISHING, _S.OPEN, _S.EXPIRED})
#: In these nothing is closed yet by somebody's word or removed.
ENDED = frozenset({_S.REVOKED, _S.PURGING, _S.PURGED})

_REMEDIES = {
    _S.DRAFT: "send the request that made it again",
    _S.PUBLISHING: "wait until it is open, or send the request that made it again",
    _S.OPEN: "revoke it, or give it an earlier deadline",
    _S.EXPIRED: "give it a later deadline, and it is open again",
    _S.REVOKED: "publish a new one",
    _S.PURGING: "publish a new one, its files are being removed",
    _S.PURGED: "publish a new one, its files are gone",
}


def move(
    session: Session,
    share: Share,
    target: ShareState,
    *,
    key: UUID,
    actor: Actor = Actor.SYSTEM,
    payload: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> None:
    """Move a locked share to another state and tell of it, in the caller's transaction.

    `at` is when it closed, where that was not now.

    Raises:
        ChangeRefused: no step leads there from where it stands; the message names state and remedy.
    """
    step = _BY_STATES.get((share.state, target))
    if step is None:
        raise ChangeRefused(
            f"share {share.id} is {share.state.value} and cannot become {target.value}:"
            f" {_REMEDIES[share.state]}"
        )
    share.state = target
    if target in {_S.EXPIRED, _S.REVOKED}:
        share.closed_at = at or session.scalar(select(func.vitrine_now()))
    elif target is _S.OPEN:
        share.closed_at = None
    if target in ENDED:
        # A run that still publishes it is refused with its next write.
        share.fence += 1
    record(session, step.event, key=key, actor=actor, share_id=share.id, payload=payload)


def move_all(
    session: Session,
    shares: Sequence[UUID],
    source: ShareState,
    target: ShareState,
    *,
    occasion: str,
) -> list[UUID]:
    """Move many locked shares by one statement, with an event each; return those that moved.

    They close at the end of their time. `occasion` tells this event of a share from an earlier one
    of its kind, together with that end.
    """
    step = _BY_STATES[source, target]
    values: dict[str, Any] = {"state": target}
    if target is _S.EXPIRED:
        values["closed_at"] = Share.expires_at
    if target in ENDED:
        values["fence"] = Share.fence + 1
    moved = session.execute(
        update(Share)
        .where(Share.id.in_(shares), Share.state == source)
        .values(values)
        .returning(Share.id, Share.closed_at)
    ).all()
    record_all(
        session,
        [
            Event(step.event, event_key(row.id, occasion, row.closed_at), share_id=row.id)
            for row in sorted(moved)
        ],
    )
    return [row.id for row in moved]


def close_if_over(session: Session, share: Share, now: datetime) -> None:
    """Expire a locked share whose time is over, before anything about it is changed.

    The gate never waits for the schedule that marks shares as expired; so the history tells what
    the gate did, in the order in which it did it.
    """
    if share.state is _S.OPEN and share.is_expired(now):
        key = event_key(share.id, "expired", share.expires_at)
        move(session, share, _S.EXPIRED, key=key, at=share.expires_at)


def open_if_in_time(session: Session, share: Share, now: datetime) -> None:
    """Open a locked share again that has expired and was given a later deadline, or none."""
    if share.state is _S.EXPIRED and not share.is_expired(now):
        key = event_key(share.id, "reopened", share.closed_at)
        move(session, share, _S.OPEN, key=key, actor=Actor.OWNER)


def check_changeable(share: Share) -> None:
    """Refuse what comes too late.

    Raises:
        ChangeRefused: it is revoked or purged; the message says what to do instead.
    """
    if share.state not in CHANGEABLE:
        raise ChangeRefused(f"share {share.id} is {share.state.value}: {_REMEDIES[share.state]}")


def check_not_over(share: Share) -> None:
    """Refuse to publish again what was closed for good.

    Raises:
        ShareOver: it is revoked or purged.
    """
    if share.state in ENDED:
        raise ShareOver(
            f"share {share.id} is {share.state.value}: its request key is used up,"
            " send the request with a new one"
        )


def draw_life(transitions: Iterable[Transition] = TRANSITIONS) -> str:
    """Draw the table above as a Mermaid diagram, for the docs."""
    lines = [
        f"    {one.source.value} --> {one.target.value}: {one.event.value}" for one in transitions
    ]
    ends = [f"    [*] --> {FIRST.value}", *lines, f"    {ShareState.PURGED.value} --> [*]"]
    return "\n".join(["stateDiagram-v2", *ends])
