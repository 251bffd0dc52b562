"""Let a visitor in who knows the password: guess counted, hash checked, visit sealed, all on record."""

from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models.base import new_id
from models.kinds import Actor, EventKind
from models.outbox import Outbox
from models.share import Share
from services.access import Action, Admission, admit
from services.errors import PasswordWrong, TooManyGuesses
from services.history import event_key, record
from services.installation import Installation
from services.letters import compose_warning
from services.networks import find_network
from services.passwords import hash_password, is_of_today, is_right
from services.seals import Seals
from services.throttle import forget_guesses, take_guess
from services.visit_seals import Visit, read_visit, seal_visit
from services.visitors import Visitor


def unlock(
    installation: Installation, token: str, password: str, *, visitor: Visitor, shown: str
) -> str:
    """Check a password, and return the sealed visit for the browser to keep.

    `shown` is the sealed visit that the browser showed, if any: also one that is over proves that
    this device knew a password of this link before.

    Raises:
        PasswordWrong: it is another one.
        TooManyGuesses: nothing was checked.
        VitrineError: the gate refuses the link itself.
    """
    seals = installation.seals
    try:
        admission, client = _take_guess(installation, token, visitor, shown)
    except TooManyGuesses as refusal:
        _note_closing(installation, token, refusal)
        raise
    if not admission.share.password_hash:
        return seal_visit(
            seals, Visit(admission.grant.id, admission.share.password_epoch, admission.now)
        )
    is_let_in = is_right(seals, admission.share.password_hash, password)
    with installation.transaction() as session:
        if is_let_in:
            _renew_hash(session, seals, admission.share, password)
            forget_guesses(
                session,
                admission.grant.id,
                client,
                is_known=_is_known(installation, admission, shown),
            )
        record(
            session,
            EventKind.PASSWORD_ACCEPTED if is_let_in else EventKind.PASSWORD_REFUSED,
            key=event_key(new_id()),
            actor=Actor.RECIPIENT,
            share_id=admission.share.id,
            grant_id=admission.grant.id,
            payload={"client": client.hex()},
            person={"address": visitor.address, "agent": visitor.agent},
        )
    if not is_let_in:
        raise PasswordWrong
    return seal_visit(
        seals, Visit(admission.grant.id, admission.share.password_epoch, admission.now)
    )


def _renew_hash(session: Session, seals: Seals, share: Share, password: str) -> None:
    """Hash a password with the key of today, now that it is known."""
    if not is_of_today(seals, share.password_hash):
        before = share.password_hash
        session.execute(
            update(Share)
            .where(Share.id == share.id, Share.password_hash == before)
            .values(password_hash=hash_password(seals, password))
        )


def _take_guess(
    installation: Installation, token: str, visitor: Visitor, shown: str
) -> tuple[Admission, bytes]:
    with installation.transaction() as session:
        admission = admit(session, installation.seals, token, action=Action.UNLOCK)
        is_known = _is_known(installation, admission, shown)
        client = _name_client(installation, admission.grant.id, visitor, shown if is_known else "")
        if not admission.share.password_hash:
            return admission, client
        take_guess(session, admission.grant.id, client, is_known=is_known, now=admission.now)
    return admission, client


def _is_known(installation: Installation, admission: Admission, shown: str) -> bool:
    return read_visit(installation.seals, admission.grant.id, shown) is not None


def _name_client(
    installation: Installation, grant_id: UUID, visitor: Visitor, device: str
) -> bytes:
    """Name a known device by what it showed, and everybody else by their network."""
    name = f"device {device}" if device else f"network {find_network(visitor.address)}"
    return installation.seals.digest(f"{grant_id} {name}".encode(), purpose="client")[:16]


def _note_closing(installation: Installation, token: str, refusal: TooManyGuesses) -> None:
    """Tell the owner's history, once for each pause, that guessing was stopped."""
    with installation.transaction() as session:
        admission = admit(session, installation.seals, token, action=Action.UNLOCK)
        until = refusal.until.isoformat() if refusal.until else "the owner acts"
        is_new = record(
            session,
            EventKind.PASSWORD_CLOSED,
            key=event_key(admission.grant.id, admission.share.password_epoch, "closed", until),
            share_id=admission.share.id,
            grant_id=admission.grant.id,
            payload={"until": until},
        )
        if is_new and admission.share.owner_address and refusal.is_for_strangers:
            letter = compose_warning(
                installation,
                admission.share,
                admission.grant,
                until=refusal.until,
                now=admission.now,
            )
            session.execute(insert(Outbox).values(letter).on_conflict_do_nothing())
