"""Carry out a wish for a format: render, wrap, plan the zip, offer it; one maker at a time.

Whoever takes a wish holds it by a lease that is renewed while work goes on. A maker that dies loses
it, and the next one finds everything that was already made.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session

from models.base import new_id
from models.format_request import FormatRequest
from models.kinds import Actor, EventKind, RequestState
from models.rendition import Rendition, RenditionRef
from models.share import Share
from services.abandoned import Abandoned
from services.bundling import plan_custom_bundle
from services.clock import read_clock
from services.errors import DatabaseAway, FormatFailed, Passing, VitrineError
from services.format_requests import list_positions
from services.formats.catalogue import Format
from services.formats.recipes import read_recipe
from services.history import event_key, record
from services.installation import Installation
from services.needs import make_need
from services.rendition_rows import refer
from services.renditions import make_ordered
from services.wrapping import wrap_formats

log = logging.getLogger(__name__)
_LEASE = timedelta(seconds=60)
_ASK_SECONDS = 2.0
_HOLD_SECONDS = 15.0
_MOST_ATTEMPTS = 3
_POLL_SECONDS = 1.0
_abandoned = Abandoned()


def list_waiting(installation: Installation) -> list[UUID]:
    """List the wishes that nobody works on, the oldest first."""
    with installation.transaction() as session:
        return list(
            session.scalars(
                select(FormatRequest.id).where(_is_free()).order_by(FormatRequest.requested_at)
            )
        )


def make_waiting(installation: Installation) -> int:
    """Carry out every wish that nobody works on; one that fails is told of and does not stop the rest."""
    waiting = list_waiting(installation)
    for request_id in waiting:
        try:
            make_format(installation, request_id)
        except Passing:
            raise
        except Exception as error:  # noqa: BLE001 - the wish says why; the others are still wanted
            log.warning("format request %s: %s", request_id, type(error).__name__)
    return len(waiting)


def make_format(installation: Installation, request_id: UUID) -> str:
    """Make what a wish is for, and return the name under which it is offered; "" if cancelled.

    A wish that somebody else works on is waited for.

    Raises:
        FormatFailed: nothing of it could be made; the wish says why.
    """
    while True:
        with installation.transaction() as session:
            found = session.get_one(FormatRequest, request_id)
            if found.state in {RequestState.DONE, RequestState.CANCELLED}:
                return found.format if found.state is RequestState.DONE else ""
            if found.state is RequestState.FAILED:
                raise FormatFailed(found.failure_text)
            attempt = _take(session, request_id)
        if attempt:
            with _holding(installation, request_id):
                return _make_and_offer(installation, request_id, attempt)
        time.sleep(_POLL_SECONDS)


@contextlib.contextmanager
def _holding(installation: Installation, request_id: UUID) -> Iterator[None]:
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


def _make_and_offer(installation: Installation, request_id: UUID, attempt: int) -> str:
    try:
        _render(installation, request_id)
        with installation.transaction() as session:
            request = session.get_one(FormatRequest, request_id)
            share = session.get_one(Share, request.share_id)
        if request.state is RequestState.MAKING:
            wrap_formats(installation, share, [request.format])
            _offer(installation, share, request)
    except Passing:
        _put_back(installation, request_id, attempt)
        raise
    except VitrineError as error:
        _note_failure(installation, request_id, str(error), is_final=True)
        raise
    except Exception:
        _note_failure(installation, request_id, "Something went wrong on our side.", is_final=False)
        raise
    return request.format if request.state is not RequestState.CANCELLED else ""


def _put_back(installation: Installation, request_id: UUID, attempt: int) -> None:
    """Let a wish wait for what is away to come back; that attempt does not count."""
    try:
        with installation.transaction() as session:
            _let_wait(session, request_id, attempt)
    except DatabaseAway:
        # Nothing can be written now: the next try in this process does so first.
        _abandoned.leave(request_id, [attempt])


def _let_wait(session: Session, request_id: UUID, attempt: object) -> None:
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


def _render(installation: Installation, request_id: UUID) -> None:
    with installation.transaction() as session:
        request = session.get_one(FormatRequest, request_id)
        share = session.get_one(Share, request.share_id)
        wanted = Format(request.format, request.format, read_recipe(request.recipe))
        assets = list_positions(session, share, request.position, wanted)
        needs = [make_need(asset, 1, wanted) for asset in assets]
        refer(session, share.id, needs)
    # A name of its own for each attempt: what a dead attempt was making is taken over without waiting.
    maker = f"{request_id}:{new_id()}"
    pulse = _Pulse(installation, request_id)
    make_ordered(installation, assets, needs, maker=maker, may_go_on=pulse.may_go_on)


class OriginalUnreadable(Exception):
    """An original cannot be read at the moment."""


class _Pulse:
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


def _take(session: Session, request_id: UUID) -> int:
    """Take a wish, if nobody alive has it, and return which attempt this is; else 0."""
    left = _abandoned.find(request_id)
    for attempt in left:
        _let_wait(session, request_id, attempt)
    _abandoned.clear(request_id, left)
    row = session.get_one(FormatRequest, request_id, with_for_update=True, populate_existing=True)
    if (
        row.state is RequestState.MAKING
        and row.attempts >= _MOST_ATTEMPTS
        and _is_dead(session, row)
    ):
        row.state, row.failure_text = RequestState.FAILED, "It brought down whoever made it."
        row.ended_at = read_clock(session)
        return 0
    statement = (
        update(FormatRequest)
        .where(FormatRequest.id == request_id, _is_free())
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


def _is_free() -> ColumnElement[bool]:
    dead = (FormatRequest.state == RequestState.MAKING) & (
        FormatRequest.lease_until < func.vitrine_now()
    )
    return or_(FormatRequest.state == RequestState.WAITING, dead)


def _offer(installation: Installation, share: Share, request: FormatRequest) -> None:
    """Offer what was made: as a zip too, where the wish was for the whole share."""
    with installation.transaction() as session:
        made, failures = _read_results(session, request)
    if not made:
        if not failures:
            # The original could not be read just now: that may be another matter in a moment.
            raise OriginalUnreadable
        raise FormatFailed(failures[0])
    if not request.position:
        plan_custom_bundle(installation, share, request.format)
    with installation.transaction() as session:
        row = session.get_one(FormatRequest, request.id, with_for_update=True)
        if row.state is not RequestState.MAKING:
            return
        row.state, row.lease_until, row.ended_at = RequestState.DONE, None, read_clock(session)
        record(
            session,
            EventKind.FORMAT_MADE,
            key=event_key(request.id, "made", request.requested_at),
            actor=Actor.SYSTEM,
            share_id=request.share_id,
            position=request.position or None,
            payload={"format": request.format, "files": made, "failed": len(failures)},
        )


def _read_results(session: Session, request: FormatRequest) -> tuple[int, list[str]]:
    statement = (
        select(Rendition)
        .join(RenditionRef, RenditionRef.key == Rendition.key)
        .where(RenditionRef.share_id == request.share_id, RenditionRef.format == request.format)
    )
    if request.position:
        statement = statement.where(RenditionRef.position == request.position)
    rows = session.scalars(statement).all()
    return sum(row.is_present() for row in rows), [row.failure_text for row in rows if row.failure]


def _note_failure(
    installation: Installation, request_id: UUID, text: str, *, is_final: bool
) -> None:
    """Write down that an attempt failed; what may be chance waits for another one."""
    with installation.transaction() as session:
        row = session.get_one(FormatRequest, request_id, with_for_update=True)
        if row.state is not RequestState.MAKING:
            return
        row.lease_until = None
        if not is_final and row.attempts < _MOST_ATTEMPTS:
            row.state = RequestState.WAITING
            return
        row.state, row.failure_text = RequestState.FAILED, text
        row.ended_at = read_clock(session)
        record(
            session,
            EventKind.FORMAT_FAILED,
            key=event_key(row.id, "failed", row.requested_at),
            share_id=row.share_id,
            position=row.position or None,
            payload={"format": row.format},
            person={"message": text},
        )
