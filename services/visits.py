"""What recipients did, on record: views and downloads.

The event of a download is committed before its first byte leaves. A download is one thing taken by
one visitor through one grant on one day, in however many ranges.
"""

from dataclasses import dataclass
from uuid import UUID

from models.kinds import Actor, EventKind
from services.access import Admission
from services.history import event_key, record
from services.installation import Installation
from services.things import Thing

#: Views that this process wrote down already: the database would say the same, only later.
_noted_views: set[UUID] = set()
_MOST_REMEMBERED = 100_000


@dataclass(frozen=True)
class Visitor:
    """Who asks, as far as a request tells."""

    address: str
    agent: str


@dataclass(frozen=True)
class Download:
    """A download that was begun."""

    key: UUID
    share_id: UUID
    grant_id: UUID
    position: int | None
    what: str
    size_bytes: int


def note_view(installation: Installation, admission: Admission, visitor: Visitor) -> None:
    """Write down that somebody looked at the page, once a day and visitor."""
    day, who = admission.now.date(), _digest(installation, visitor)
    key = event_key(admission.grant.id, "viewed", who, day)
    if key in _noted_views:
        return
    with installation.transaction() as session:
        record(
            session,
            EventKind.PAGE_VIEWED,
            key=key,
            actor=Actor.RECIPIENT,
            share_id=admission.share.id,
            grant_id=admission.grant.id,
            payload={"visitor": who},
            person={"address": visitor.address, "agent": visitor.agent},
        )
    if len(_noted_views) >= _MOST_REMEMBERED:
        _noted_views.clear()
    _noted_views.add(key)


def note_start(
    installation: Installation, admission: Admission, thing: Thing, visitor: Visitor
) -> Download:
    """Write down that a download begins; it is durable when this returns."""
    who, day = _digest(installation, visitor), admission.now.date()
    download = Download(
        key=event_key(admission.grant.id, thing.what, thing.etag, who, day),
        share_id=admission.share.id,
        grant_id=admission.grant.id,
        position=admission.asset.position if admission.asset else None,
        what=thing.what,
        size_bytes=thing.size_bytes,
    )
    payload = {"download": str(download.key), "bytes": thing.size_bytes, "visitor": who}
    person = {"address": visitor.address, "agent": visitor.agent, "name": thing.name}
    _record(installation, EventKind.DOWNLOAD_STARTED, download, "started", payload, person)
    return download


def note_finish(installation: Installation, download: Download) -> None:
    """Write down that every byte was handed to the visitor's connection."""
    payload = {"download": str(download.key), "bytes": download.size_bytes}
    _record(installation, EventKind.DOWNLOAD_FINISHED, download, "finished", payload)


def note_abort(installation: Installation, download: Download, *, sent: int, why: str) -> None:
    """Write down that a transfer ended early: `client` left, or the source `changed` or failed."""
    payload = {"download": str(download.key), "bytes": sent, "why": why}
    _record(installation, EventKind.DOWNLOAD_ABORTED, download, f"aborted {sent} {why}", payload)


def _record(
    installation: Installation,
    kind: EventKind,
    download: Download,
    step: str,
    payload: dict[str, object],
    person: dict[str, str] | None = None,
) -> None:
    with installation.transaction() as session:
        record(
            session,
            kind,
            key=event_key(download.key, step),
            actor=Actor.RECIPIENT,
            share_id=download.share_id,
            grant_id=download.grant_id,
            position=download.position,
            payload={"what": download.what, **payload},
            person=person,
        )


def _digest(installation: Installation, visitor: Visitor) -> str:
    text = f"{visitor.address}\n{visitor.agent}".encode()
    return installation.seals.digest(text, purpose="visitor").hex()[:16]
