"""Carry out a wish for a format: render, wrap, plan the zip, offer it; one maker at a time.

Whoever takes a wish holds it by a lease that is renewed while work goes on. A maker that dies loses
it, and the next one finds everything that was already made.
"""

import logging
import time
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.base import new_id
from models.format_request import FormatRequest
from models.kinds import Actor, EventKind, RequestState
from models.rendition import Rendition, RenditionRef
from models.share import Share
from services.bundling import plan_custom_bundle
from services.clock import read_clock
from services.errors import FormatFailed, Passing, VitrineError
from services.format_requests import list_positions
from services.formats.catalogue import Format
from services.formats.recipes import read_recipe
from services.history import event_key, record
from services.installation import Installation
from services.needs import make_need
from services.rendition_rows import refer
from services.renditions import make_ordered
from services.wish_leases import (
    MOST_ATTEMPTS,
    Pulse,
    free_abandoned,
    holding,
    is_free,
    put_back,
    take,
)
from services.wrapping import wrap_formats

log = logging.getLogger(__name__)
_POLL_SECONDS = 1.0


def list_waiting(installation: Installation) -> list[UUID]:
    """List the wishes that nobody works on, the oldest first."""
    with installation.transaction() as session:
        free_abandoned(session)
        return list(
            session.scalars(
                select(FormatRequest.id).where(is_free()).order_by(FormatRequest.requested_at)
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
            attempt = take(session, request_id)
        if attempt:
            with holding(installation, request_id):
                return _make_and_offer(installation, request_id, attempt)
        time.sleep(_POLL_SECONDS)


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
        put_back(installation, request_id, attempt)
        raise
    except VitrineError as error:
        _note_failure(installation, request_id, str(error), is_final=True)
        raise
    except Exception:
        _note_failure(installation, request_id, "Something went wrong on our side.", is_final=False)
        raise
    return request.format if request.state is not RequestState.CANCELLED else ""


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
    pulse = Pulse(installation, request_id)
    make_ordered(installation, assets, needs, maker=maker, may_go_on=pulse.may_go_on)


class OriginalUnreadable(Exception):
    """An original cannot be read at the moment."""


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
        if not is_final and row.attempts < MOST_ATTEMPTS:
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
