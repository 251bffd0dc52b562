"""Seal with the key of today what a former key sealed; then the former key can be forgotten."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.grant import Grant
from models.invitation import Invitation
from models.outbox import Outbox
from models.password import Password
from models.share import Share
from models.signing_key import SigningKey
from services.installation import Installation
from services.invitations import PURPOSE as INVITATION
from services.letters import PURPOSE as LETTER
from services.links import PURPOSE as LINK
from services.seals import Seals
from services.signing import PURPOSE as SIGNING

_BATCH = 500
_Sealed = Grant | Invitation | Outbox | SigningKey
#: Every sealed column, with what it is sealed for.
_SEALED: tuple[tuple[type[_Sealed], str, str], ...] = (
    (Grant, "token_enc", LINK),
    (Invitation, "recipients_enc", INVITATION),
    (Outbox, "message_enc", LETTER),
    (SigningKey, "private_enc", SIGNING),
)


def reseal(installation: Installation) -> int:
    """Seal everything anew that a former key sealed, and return how much it was.

    Links stay what they are. It can be ended and started again at any point.
    """
    return sum(_reseal_all(installation, *sealed) for sealed in _SEALED)


def count_old_passwords(installation: Installation) -> int:
    """Count the passwords that need a former key until somebody enters them."""
    today = f"{installation.seals.key_id.hex()}%"
    with installation.transaction() as session:
        return sum(
            session.scalar(select(func.count()).where(column != "", column.not_like(today))) or 0
            for column in (Share.password_hash, Password.hash)
        )


def _reseal_all(installation: Installation, model: type[_Sealed], column: str, purpose: str) -> int:
    count = 0
    while True:
        with installation.transaction() as session:
            moved = _reseal_some(session, installation.seals, model, column, purpose)
        if not moved:
            return count
        count += moved


def _reseal_some(
    session: Session, seals: Seals, model: type[_Sealed], column: str, purpose: str
) -> int:
    sealed = getattr(model, column)
    is_old = sealed.is_not(None) & (func.substr(sealed, 1, len(seals.key_id)) != seals.key_id)
    statement = select(model).where(is_old).limit(_BATCH).with_for_update()
    rows: Sequence[Any] = session.scalars(statement).all()
    for row in rows:
        content = seals.open(getattr(row, column), purpose=purpose, row=str(row.id))
        setattr(row, column, seals.seal(content, purpose=purpose, row=str(row.id)))
    return len(rows)
