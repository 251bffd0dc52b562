"""Links: an unguessable token per grant, stored as a hash to find it and sealed to show it again."""

import hashlib
import re
import secrets
from uuid import UUID

from models.base import new_id
from models.grant import Grant
from services.seals import Seals

PURPOSE = "link"
_TOKEN_BYTES = 16
_TOKEN_SHAPE = re.compile(r"[A-Za-z0-9_-]{22}")


def make_grant(
    seals: Seals, share_id: UUID, *, recipient: str = "", recipient_name: str = ""
) -> Grant:
    """Make one way into a share, for one recipient (an address) or for everybody (empty)."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    grant_id = new_id()
    return Grant(
        id=grant_id,
        share_id=share_id,
        recipient=recipient,
        recipient_name=recipient_name,
        token_sha256=hash_token(token),
        token_enc=seals.seal(token.encode(), purpose=PURPOSE, row=str(grant_id)),
    )


def hash_token(token: str) -> bytes:
    """Hash a token for its row: 128 random bits need no slow hash (OWASP ASVS 5.0, 6.5.2)."""
    return hashlib.sha256(f"vitrine1:{token}".encode()).digest()


def is_token(text: str) -> bool:
    """Whether `text` has the shape of a token: 22 characters of URL-safe base64."""
    return _TOKEN_SHAPE.fullmatch(text) is not None


def show_link(seals: Seals, grant: Grant, public_url: str) -> str:
    """Open the sealed token and write the address of the page."""
    token = seals.open(grant.token_enc, purpose=PURPOSE, row=str(grant.id)).decode()
    return f"{public_url.rstrip('/')}/s/{token}/"
