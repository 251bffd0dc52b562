"""What recipients did, on record: views and downloads.

The event of a download is committed before its first byte leaves. A download is one thing taken by
one visitor through one grant on one day, in however many ranges.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from models.kinds import Actor, EventKind, VisitorClass
from services.access import Admission
from services.downloads import add_part
from services.history import Event, event_key, record_all
from services.installation import Installation
from services.seals import Seals
from services.things import Thing
from services.visitors import Visitor, classify


@dataclass(frozen=True)
class Download:
    """A download that was begun."""

    key: UUID
    share_id: UUID
    grant_id: UUID
    position: int | None
    what: str
    size_bytes: int


def describe_view(seals: Seals, admission: Admission, visitor: Visitor) -> Event:
    """Tell that somebody looked at the page, once a day and visitor."""
    day, who = admission.now.date(), _digest(seals, visitor)
    kind = _classify(admission, visitor)
    return Event(
        EventKind.PAGE_VIEWED,
        key=event_key(admission.grant.id, "viewed", who, day, kind),
        actor=Actor.RECIPIENT,
        share_id=admission.share.id,
        grant_id=admission.grant.id,
        payload={"visitor": who, "class": kind},
        person={"address": visitor.address, "agent": visitor.agent},
    )


def begin_download(
    seals: Seals, admission: Admission, thing: Thing, visitor: Visitor
) -> tuple[Download, Event]:
    """Tell that a download begins; the event is to be durable before its first byte leaves."""
    who, day = _digest(seals, visitor), admission.now.date()
    download = Download(
        key=event_key(admission.grant.id, thing.what, thing.etag, who, day),
        share_id=admission.share.id,
        grant_id=admission.grant.id,
        position=admission.position,
        what=thing.what,
        size_bytes=thing.size_bytes,
    )
    kind = _classify(admission, visitor)
    payload = {"bytes": thing.size_bytes, "visitor": who, "class": kind}
    person = {"address": visitor.address, "agent": visitor.agent, "name": thing.name}
    return download, _describe(EventKind.DOWNLOAD_STARTED, download, "started", payload, person)


def describe_finish(download: Download) -> Event:
    """Tell that every byte was handed to the visitor's connection."""
    payload = {"bytes": download.size_bytes}
    return _describe(EventKind.DOWNLOAD_FINISHED, download, "finished", payload)


def note_part(
    installation: Installation, download: Download, start: int, sent: int, why: str | None
) -> None:
    """Note what went out of a download by one request, and that it is finished or was broken off.

    `why` says what broke it off: the `client` left, the share was `closed`, a source `changed`;
    none, that all that was asked for went out.
    """
    end, whole = start + sent, download.size_bytes
    with installation.transaction() as session:
        if add_part(session, download.key, download.share_id, start, end, size_bytes=whole):
            record_all(session, [describe_finish(download)])
        elif why is not None:
            payload = {"from": start, "bytes": sent, "why": why}
            step = f"aborted {start} {sent} {why}"
            event = _describe(EventKind.DOWNLOAD_ABORTED, download, step, payload)
            record_all(session, [event])


def _describe(
    kind: EventKind,
    download: Download,
    step: str,
    payload: Mapping[str, object],
    person: Mapping[str, str] | None = None,
) -> Event:
    return Event(
        kind,
        key=event_key(download.key, step),
        actor=Actor.RECIPIENT,
        share_id=download.share_id,
        grant_id=download.grant_id,
        position=download.position,
        payload={"what": download.what, "download": str(download.key), **payload},
        person=person or {},
    )


def _classify(admission: Admission, visitor: Visitor) -> VisitorClass:
    return classify(visitor, letter_sent_at=admission.letter_sent_at, now=admission.now)


def _digest(seals: Seals, visitor: Visitor) -> str:
    text = f"{visitor.address}\n{visitor.agent}".encode()
    return seals.digest(text, purpose="visitor").hex()[:16]
