"""A visit as the browser keeps it: sealed for one grant, so that nobody can make or move one."""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.seals import SealBroken, Seals

_PURPOSE = "visit"
_LASTS = timedelta(hours=12)
#: For so long a browser keeps a visit that is over: it proves that the device was let in once.
KEPT = timedelta(days=30)


@dataclass(frozen=True)
class Visit:
    """One browser that knew the password of one epoch, and what terms it accepted.

    `terms` is the accepted version's digest in hex, `acceptance` the key of its event.
    """

    grant_id: UUID
    password_epoch: int
    begun_at: datetime
    terms: str = ""
    acceptance: str = ""

    def is_valid(self, *, password_epoch: int, now: datetime) -> bool:
        """Whether the visit still opens the share: same password, begun within twelve hours."""
        return self.password_epoch == password_epoch and now - self.begun_at < _LASTS


def seal_visit(seals: Seals, visit: Visit) -> str:
    """Write a visit as the value of a cookie."""
    content = json.dumps(
        [visit.password_epoch, visit.begun_at.isoformat(), visit.terms, visit.acceptance]
    ).encode()
    sealed = seals.seal(content, purpose=_PURPOSE, row=str(visit.grant_id))
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def read_visit(seals: Seals, grant_id: UUID, shown: str) -> Visit | None:
    """Read what a browser shows; anything but a visit of this grant is none."""
    if not shown:
        return None
    try:
        sealed = base64.urlsafe_b64decode(shown + "=" * (-len(shown) % 4))
        content = seals.open(sealed, purpose=_PURPOSE, row=str(grant_id))
    except (SealBroken, binascii.Error, ValueError):
        return None
    epoch, begun_at, terms, acceptance = json.loads(content)
    return Visit(grant_id, epoch, datetime.fromisoformat(begun_at), terms, acceptance)
