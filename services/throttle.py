"""Guessing is slow, and nobody can lock the door for the others.

Each client (a network, as outsiders change addresses within theirs) has five guesses, then pauses
of growing length. All strangers together have 20 an hour and 100 since somebody last knew the
password: a random number of four digits is found with a chance of one in a hundred. A device that
was let in before counts by itself, so that strangers cannot shut it out.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models.grant import Grant
from models.password_attempt import PasswordAttempt
from services.errors import TooManyGuesses

#: The row that counts all strangers of a grant together.
STRANGERS = b""
GUESSES_BEFORE_PAUSE = 5
PAUSES = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=6))
STRANGERS_AN_HOUR = 20
STRANGERS_IN_ALL = 100
_HOUR = timedelta(hours=1)


def take_guess(
    session: Session, grant_id: UUID, client: bytes, *, is_known: bool, now: datetime
) -> None:
    """Count a guess before it is checked, so that guesses at the same moment count too.

    Raises:
        TooManyGuesses: not now, or (without a time) not at all until the owner acts.
    """
    rows = [_lock(session, grant_id, client, now)]
    if not is_known:
        rows.append(_lock(session, grant_id, STRANGERS, now))
    for row in rows:
        _check(row, now)
    for row in rows:
        row.failures += 1
        row.hour_failures += 1
    own = rows[0]
    if own.failures % GUESSES_BEFORE_PAUSE == 0:
        pause = PAUSES[min(own.failures // GUESSES_BEFORE_PAUSE, len(PAUSES)) - 1]
        own.closed_until = now + pause


def forget_guesses(session: Session, grant_id: UUID, client: bytes, *, is_known: bool) -> None:
    """Start anew for a client that knew the password, and for strangers if it was one."""
    clients = [client] if is_known else [client, STRANGERS]
    session.execute(
        delete(PasswordAttempt).where(
            PasswordAttempt.grant_id == grant_id, PasswordAttempt.client.in_(clients)
        )
    )


def forget_all_guesses(session: Session, share_id: UUID) -> None:
    """Start anew at all links of a share: its password is another one now."""
    grants = select(Grant.id).where(Grant.share_id == share_id)
    session.execute(delete(PasswordAttempt).where(PasswordAttempt.grant_id.in_(grants)))


def _lock(session: Session, grant_id: UUID, client: bytes, now: datetime) -> PasswordAttempt:
    values = {"grant_id": grant_id, "client": client, "hour_began_at": now}
    fresh = {**values, "failures": 0, "hour_failures": 0}
    session.execute(insert(PasswordAttempt).values(fresh).on_conflict_do_nothing())
    row = session.get_one(
        PasswordAttempt, (grant_id, client), with_for_update=True, populate_existing=True
    )
    if now - row.hour_began_at >= _HOUR:
        row.hour_began_at, row.hour_failures = now, 0
    return row


def _check(row: PasswordAttempt, now: datetime) -> None:
    if row.closed_until is not None and row.closed_until > now:
        raise TooManyGuesses(until=row.closed_until)
    if row.client != STRANGERS:
        return
    if row.failures >= STRANGERS_IN_ALL:
        raise TooManyGuesses(until=None, is_for_strangers=True)
    if row.hour_failures >= STRANGERS_AN_HOUR:
        raise TooManyGuesses(until=row.hour_began_at + _HOUR, is_for_strangers=True)
