"""The erasure of one person on request: what is known of them goes, what happened stays.

It owns what names a recipient while shares live: the personal side of their events, their name and
address at their links, their place in invitations, and their letters. A purge owns what goes with a
share; owners are users of the DAM, which erases them. See docs/security.md.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, any_, delete, func, literal, select
from sqlalchemy.orm import Session

from models.base import new_id
from models.grant import Grant
from models.history import HistoryEvent, HistoryPerson
from models.invitation import Invitation
from models.kinds import Actor, EventKind, LetterState
from models.outbox import Outbox
from models.password_attempt import PasswordAttempt
from services.clock import read_clock
from services.errors import UnknownPerson
from services.history import event_key, record
from services.installation import Installation
from services.invitations import is_address, read_invitation, seal_recipients
from services.letters import discard_kept_letters
from services.moments import reach
from services.seals import Seals


@dataclass(frozen=True)
class Erasure:
    """How much was erased: events that lost their personal side, links, letters, invitations."""

    events: int
    grants: int
    letters: int
    invitations: int


def erase_person(installation: Installation, address: str, *, asked_by: str) -> Erasure:
    """Erase a recipient by their e-mail address, and close their links.

    The events stay, and the chain over them; one more says how much was erased, and not of whom.

    Raises:
        UnknownPerson: nothing is kept under this address.
    """
    wanted = address.strip().lower()
    if not is_address(wanted):
        raise UnknownPerson("This is no e-mail address")
    with installation.transaction() as session:
        is_theirs = func.lower(Grant.recipient) == wanted
        grants = session.scalars(select(Grant).where(is_theirs).with_for_update()).all()
        ids = [one.id for one in grants]
        events = _list_events(session, ids, wanted)
        letters = session.scalars(select(Outbox.id).where(Outbox.grant_id.in_(ids))).all()
        invitations = _leave_invitations(session, installation.seals, wanted)
        erased = Erasure(len(events), len(grants), len(letters), invitations)
        if not any(asdict(erased).values()):
            raise UnknownPerson
        # Before anything goes: the database lets nothing personal go without this event.
        _tell(session, erased, asked_by)
        reach("erase:told")
        # As one value: somebody may have looked a hundred thousand times.
        theirs = any_(literal(events, ARRAY(BigInteger)))
        session.execute(delete(HistoryPerson).where(HistoryPerson.event_id == theirs))
        _close_links(session, grants, asked_by)
        reach("erase:links_closed")
        discard_kept_letters(installation, letters)
        reach("erase:letters_gone")
    reach("erase:done")
    # A sender that was at it meanwhile may have written one more.
    discard_kept_letters(installation, letters)
    return erased


def _list_events(session: Session, grants: Sequence[UUID], address: str) -> list[int]:
    """List the events of a recipient's links, also of purged ones, and those that name them."""
    is_beside = HistoryEvent.id == HistoryPerson.event_id
    names_them = func.lower(HistoryPerson.fields["address"].astext) == address
    # Of a share that was purged, evidence may be kept: the letter then tells whose link it was.
    links = select(HistoryEvent.grant_id).join(HistoryPerson, is_beside).where(names_them)
    of_link = HistoryEvent.grant_id.in_(links) | HistoryEvent.grant_id.in_(grants)
    statement = select(HistoryPerson.event_id).join(HistoryEvent, is_beside)
    return list(session.scalars(statement.where(of_link | names_them)))


def _leave_invitations(session: Session, seals: Seals, address: str) -> int:
    """Take somebody out of every invitation, and return out of how many."""
    left = 0
    for row in session.scalars(select(Invitation).with_for_update()):
        people = read_invitation(seals, row)
        others = [one for one in people if one.address.lower() != address]
        if len(others) < len(people):
            row.recipients_enc = seal_recipients(seals, row.id, others)
            row.recipient_count = len(others)
            left += 1
    return left


def _close_links(session: Session, grants: Sequence[Grant], asked_by: str) -> None:
    """Close a recipient's links, forget whose they were, and write them no letter more."""
    now, ids = read_clock(session), [one.id for one in grants]
    for grant in grants:
        if grant.revoked_at is None:
            grant.revoked_at = now
            record(
                session,
                EventKind.LINK_REVOKED,
                key=event_key(new_id()),
                actor=Actor.OWNER,
                share_id=grant.share_id,
                grant_id=grant.id,
                payload={"door": asked_by},
            )
        # Still another one than every other of the share.
        grant.recipient, grant.recipient_name = f"erased {grant.id}", ""
    is_unsent = Outbox.state == LetterState.QUEUED
    session.execute(delete(Outbox).where(Outbox.grant_id.in_(ids), is_unsent))
    session.execute(delete(PasswordAttempt).where(PasswordAttempt.grant_id.in_(ids)))


def _tell(session: Session, erased: Erasure, asked_by: str) -> None:
    record(
        session,
        EventKind.PERSON_ERASED,
        key=event_key(new_id()),
        actor=Actor.OWNER,
        payload={**asdict(erased), "door": asked_by},
    )
