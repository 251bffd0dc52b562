"""Invitations: the desk takes addresses, gives an id, and keeps them sealed under it."""

import json
from collections.abc import Sequence
from uuid import UUID

from email_validator import EmailNotValidError, validate_email
from sqlalchemy.orm import Session

from models.base import new_id
from models.invitation import Invitation
from models.kinds import Actor, EventKind
from services.dam.protocol import Contact
from services.errors import UnknownRecipients
from services.history import event_key, record
from services.seals import Seals

PURPOSE = "invitation"
MOST_INVITED = 500


def make_invitation(session: Session, seals: Seals, people: Sequence[Contact]) -> Invitation:
    """Keep a list of recipients under a new id.

    Raises:
        UnknownRecipients: it is empty, too long, or some addresses cannot be right (all named by
            their place in the list: an address is personal, and errors end up in logs).
    """
    if not 1 <= len(people) <= MOST_INVITED:
        raise UnknownRecipients(f"an invitation takes 1 to {MOST_INVITED} addresses")
    wrong = [str(n) for n, person in enumerate(people, 1) if not is_address(person.address)]
    if wrong:
        raise UnknownRecipients(f"no e-mail address: number {', '.join(wrong)} of the list")
    invitation_id = new_id()
    invitation = Invitation(
        id=invitation_id,
        recipients_enc=seal_recipients(seals, invitation_id, people),
        recipient_count=len(people),
    )
    session.add(invitation)
    record(
        session,
        EventKind.INVITATION_RECEIVED,
        key=event_key("invitation", invitation_id),
        actor=Actor.OWNER,
        payload={"invitation": str(invitation_id), "recipients": len(people)},
    )
    return invitation


def seal_recipients(seals: Seals, invitation_id: UUID, people: Sequence[Contact]) -> bytes:
    """Seal a list of recipients for the invitation that holds it."""
    content = json.dumps([[person.address, person.name] for person in people]).encode()
    return seals.seal(content, purpose=PURPOSE, row=str(invitation_id))


def read_invitation(seals: Seals, invitation: Invitation) -> list[Contact]:
    """Open an invitation's list of recipients."""
    content = seals.open(invitation.recipients_enc, purpose=PURPOSE, row=str(invitation.id))
    return [Contact(address=address, name=name) for address, name in json.loads(content)]


def is_address(text: str) -> bool:
    """Whether `text` can be an e-mail address; nobody is asked whether it exists."""
    try:
        validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return True
