"""The installation's own signature: made here, kept sealed, published, and replaced when it must be."""

import base64
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models.base import new_id
from models.signing_key import SigningKey
from services.bundles.signature import PublishedKey, name_key, write_keys, write_signature
from services.installation import Installation
from services.seals import Seals

PURPOSE = "signing key"


@dataclass(frozen=True)
class Signer:
    """The key of today: its name, and what it signs."""

    name: str
    private: Ed25519PrivateKey

    def sign(self, content: bytes) -> bytes:
        """Sign exactly these bytes, in 64 bytes."""
        return self.private.sign(content)


def find_signer(installation: Installation) -> Signer:
    """Open the key of today."""
    private = _open_current(installation)
    key = Ed25519PrivateKey.from_private_bytes(private)
    return Signer(name_key(key.public_key().public_bytes_raw()), key)


def sign(installation: Installation, content: bytes, *, name: str) -> bytes:
    """Sign `content`, which will lie in the file `name`, with the key of today."""
    return write_signature(_open_current(installation), content, signed=name)


def _open_current(installation: Installation) -> bytes:
    seals = installation.seals
    with installation.transaction() as session:
        key = _find_current(session) or _make(session, seals)
    return seals.open(key.private_enc or b"", purpose=PURPOSE, row=str(key.id))


def rotate_signing_key(installation: Installation) -> str:
    """Sign with a new key from now on, forget the private half of the old, and name the new one.

    What the old one signed can be checked as before.
    """
    with installation.transaction() as session:
        session.execute(
            update(SigningKey)
            .where(SigningKey.retired_at.is_(None))
            .values(retired_at=func.vitrine_now(), private_enc=None)
        )
        return name_key(_make(session, installation.seals).public)


def read_public_keys(installation: Installation) -> bytes:
    """Give all public keys as they are published, the newest first."""
    with installation.transaction() as session:
        if _find_current(session) is None:
            _make(session, installation.seals)
        rows = session.scalars(select(SigningKey).order_by(SigningKey.made_at.desc())).all()
    return write_keys([_publish(row) for row in rows])


def _publish(row: SigningKey) -> PublishedKey:
    public = base64.b64encode(row.public).decode()
    return PublishedKey(name_key(row.public), public, _say(row.made_at), _say(row.retired_at))


def _say(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""


def _find_current(session: Session) -> SigningKey | None:
    return session.scalar(select(SigningKey).where(SigningKey.retired_at.is_(None)))


def _make(session: Session, seals: Seals) -> SigningKey:
    """Make the key of today, or find the one that another process made just now."""
    private, key_id = Ed25519PrivateKey.generate(), new_id()
    session.execute(
        insert(SigningKey)
        .values(
            id=key_id,
            public=private.public_key().public_bytes_raw(),
            private_enc=seals.seal(private.private_bytes_raw(), purpose=PURPOSE, row=str(key_id)),
        )
        .on_conflict_do_nothing()
    )
    return session.scalars(select(SigningKey).where(SigningKey.retired_at.is_(None))).one()
