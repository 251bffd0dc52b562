"""Who works on a wish: it is taken for a minute, held while work goes on, and given back.

A maker that dies loses it when its minute is over, and the next one goes on.
"""

import contextlib
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, update
from sqlalchemy.orm import Session

from models.format_request import FormatRequest
from models.kinds import RequestState
from services.abandoned import Abandoned
from services.clock import read_clock
from services.errors import DatabaseAway
from services.installation import Installation

MOST_ATTEMPTS = 3
_LEASE = timedelta(seconds=60)
_ASK_SECONDS = 2.0
_HOLD_SECONDS = 15.0
#: Attempts of wishes.
_abandoned: Abandoned[UUID, int] = Abandoned()


def take(session: Session, request_id: UUID) -> int:
    """Take a wish, if nobody alive has it, and return which attempt this is; else 0."""
    _free_abandoned(session, request_id)
    row = session.get_one(FormatRequest, request_id, with_for_update=True, populate_existing=True)
    if (
        row.state is RequestState.MAKING
        and row.attempts >= MOST_ATTEMPTS
        and _is_dead(session, row)
    ):
        row.state, row.failure_text = RequestState.FAILED, "It brought down whoever made it."
        row.ended_at = read_clock(session)
        return 0
    statement = (
        update(FormatRequest)
        .where(FormatRequest.id == request_id, is_free())
        .values(
            state=RequestState.MAKING,
            attempts=FormatRequest.attempts + 1,
            lease_until=func.vitrine_now() + _LEASE,
        )
    )
    return session.scalar(statement.returning(FormatRequest.attempts)) or 0


def _is_dead(session: Session, row: FormatRequest) -> bool:
    return row.lease_until is not None and row.lease_until < read_clock(session)


def _renew(session: Session, request_id: UUID) -> bool:
    statement = (
        update(FormatRequest)
        .where(FormatRequest.id == request_id, FormatRequest.state == RequestState.MAKING)
        .values(lease_until=func.vitrine_now() + _LEASE)
    )
    return session.execute(statement.returning(FormatRequest.id)).first() is not None


def is_free() -> ColumnElement[bool]:
    """The condition that a wish waits, or was taken by somebody whose minute is over."""
    dead = (FormatRequest.state == RequestState.MAKING) & (
        FormatRequest.lease_until < func.vitrine_now()
    )
    return or_(FormatRequest.state == RequestState.WAITING, dead)


@contextlib.contextmanager
def holding(installation: Installation, request_id: UUID) -> Iterator[None]:
    """Hold a wish from a thread of its own, however long a step takes."""
    done = threading.Event()

    def hold() -> None:
        while not done.wait(_HOLD_SECONDS):
            with contextlib.suppress(DatabaseAway), installation.transaction() as session:
                _renew(session, request_id)

    keeper = threading.Thread(target=hold, name="wish", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        done.set()
        keeper.join()


def put_back(installation: Installation, request_id: UUID, attempt: int) -> None:
    """Let a wish wait for what is away to come back; that attempt does not count."""
    try:
        with installation.transaction() as session:
            _let_wait(session, request_id, attempt)
    except DatabaseAway:
        # Nothing can be written now: the next try in this process does so first.
        _abandoned.leave(request_id, [attempt])


def free_abandoned(session: Session) -> None:
    """Give back what this process could not give back before."""
    for request_id in _abandoned.list_holders():
        _free_abandoned(session, request_id)


def _free_abandoned(session: Session, request_id: UUID) -> None:
    for attempt in _abandoned.find(request_id):
        _let_wait(session, request_id, attempt)
        # Should this not be committed after all, its lease runs out.
        _abandoned.clear(request_id, [attempt])


def _let_wait(session: Session, request_id: UUID, attempt: int) -> None:
    session.execute(
        update(FormatRequest)
        .where(
            FormatRequest.id == request_id,
            FormatRequest.state == RequestState.MAKING,
            # Whoever took it over meanwhile made another attempt of it.
            FormatRequest.attempts == attempt,
        )
        .values(state=RequestState.WAITING, lease_until=None, attempts=FormatRequest.attempts - 1)
    )


class Pulse:
    """Holds a wish while work goes on, and hears when it is cancelled."""

    def __init__(self, installation: Installation, request_id: UUID) -> None:
        self._installation = installation
        self._request_id = request_id
        self._asked_at = 0.0
        self._is_wanted = True

    def may_go_on(self) -> bool:
        """Whether the wish stands; asked of the database every other second."""
        if time.monotonic() - self._asked_at >= _ASK_SECONDS:
            self._asked_at = time.monotonic()
            with contextlib.suppress(DatabaseAway), self._installation.transaction() as session:
                self._is_wanted = _renew(session, self._request_id)
        return self._is_wanted
