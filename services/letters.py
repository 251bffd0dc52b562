"""Letters: composed once and sealed, sent from the outbox, each by one sender at a time.

In this configuration a letter is sent by writing it to the local mail folder, as the message itself
and as a page that shows it; both belong to the operator alone.
"""

import asyncio
import contextlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from models.base import new_id
from models.grant import Grant
from models.kinds import EventKind, LetterState
from models.outbox import INVITATION, Outbox
from models.share import Share
from page_builder.letters import render_invitation, render_kept_letter, render_warning
from page_builder.palette import OWN_ACCENT, make_palette
from page_builder.views import KeptLetterView, LetterView, WarningView
from page_builder.wording import say_count, say_moment
from services.brands import view_brand
from services.disk import drafting, telling_of_room, write_new
from services.errors import DatabaseAway, Passing
from services.history import event_key, record
from services.installation import Installation
from services.links import show_link
from services.page_views import say_share_until, split_paragraphs

PURPOSE = "letter"
_LEASE = timedelta(minutes=2)
_OWN_EYES_ONLY = 0o600


def compose_invitation(
    installation: Installation, share: Share, grant: Grant, *, assets: int
) -> dict[str, Any]:
    """Write the letter that brings a recipient the link, as a row of the outbox."""
    sender = share.owner_name or share.owner
    with installation.transaction() as session:
        brand = view_brand(session, share.brand_id)
    words = render_invitation(
        LetterView(
            share_title=share.title,
            sender=sender,
            house=brand.company or sender,
            privacy_url=brand.privacy_url,
            palette=make_palette(brand.accent or OWN_ACCENT),
            greeting=f"Hello {grant.recipient_name}," if grant.recipient_name else "Hello,",
            message=split_paragraphs(share.message),
            contents=say_count(assets, "file"),
            until=say_share_until(share),
            link=show_link(installation.seals, grant, installation.settings.public_url),
            why=f"You receive this letter because {sender} entered your address for this share."
            " The link is yours alone: whoever has it can open the page.",
        )
    )
    message = _address(installation, sender, grant.recipient_name, grant.recipient, words.subject)
    message.set_content(words.text)
    message.add_alternative(words.html, subtype="html")
    at = share.opened_at or share.created_at
    return _seal_letter(installation, share, grant, INVITATION, message, at)


def compose_warning(
    installation: Installation, share: Share, grant: Grant, *, until: datetime | None, now: datetime
) -> dict[str, Any]:
    """Write the letter that tells an owner that somebody guesses the password, as a row."""
    whose = grant.recipient or "everybody"
    words = render_warning(
        WarningView(
            share_title=share.title,
            greeting=f"Hello {share.owner_name}," if share.owner_name else "Hello,",
            whose=f"The link for {whose}",
            until=say_moment(until) if until else "",
        )
    )
    message = _address(installation, "", share.owner_name, share.owner_address, words.subject)
    message.set_content(words.text)
    # One letter for each closing: what was closed until when is another one.
    template = f"guessing closed {until.isoformat() if until else share.password_epoch}"
    return _seal_letter(installation, share, grant, template, message, now)


def _address(
    installation: Installation, sender: str, name: str, address: str, subject: str
) -> EmailMessage:
    house, own = parseaddr(installation.settings.letters_from)
    message = EmailMessage(policy=SMTP)
    shown = f"{sender} ({house})" if sender and house else sender or house
    message["From"] = Address(shown, addr_spec=own)
    message["To"] = Address(name, addr_spec=address)
    message["Subject"] = " ".join(subject.split())
    message["Auto-Submitted"] = "auto-generated"
    return message


def _seal_letter(
    installation: Installation,
    share: Share,
    grant: Grant,
    template: str,
    message: EmailMessage,
    at: datetime,
) -> dict[str, Any]:
    """Give a letter its id and date, and seal it: from now on its bytes are these."""
    letter_id = new_id()
    own = parseaddr(installation.settings.letters_from)[1]
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{letter_id}@{own.partition('@')[2]}>"
    sealed = installation.seals.seal(message.as_bytes(), purpose=PURPOSE, row=str(letter_id))
    return {
        "id": letter_id,
        "share_id": share.id,
        "grant_id": grant.id,
        "template": template,
        "state": LetterState.QUEUED,
        "message_enc": sealed,
    }


def count_waiting_letters(installation: Installation) -> int:
    """Count the letters that could be sent now."""
    statement = select(func.count()).select_from(Outbox).where(*_is_waiting())
    with installation.transaction() as session:
        return session.scalar(statement) or 0


async def send_waiting_letters(installation: Installation) -> int:
    """Send every letter that waits, and return how many went; other senders take other letters."""
    sent = 0
    while (letter := await asyncio.to_thread(_take_letter, installation)) is not None:
        try:
            await asyncio.to_thread(_send_letter, installation, letter.id)
        except Passing:
            await asyncio.to_thread(_give_back, installation, letter)
            raise
        sent += 1
    return sent


def _give_back(installation: Installation, letter: Outbox) -> None:
    """Let a letter that was not sent wait for the next try; with the database away its lease ends."""
    statement = update(Outbox).where(
        Outbox.id == letter.id,
        Outbox.state == LetterState.QUEUED,
        # Whoever took it over meanwhile counted on.
        Outbox.attempts == letter.attempts,
    )
    with contextlib.suppress(DatabaseAway), installation.transaction() as session:
        session.execute(statement.values(lease_until=None))


def _is_waiting() -> tuple[Any, ...]:
    now = func.vitrine_now()
    free = or_(Outbox.lease_until.is_(None), Outbox.lease_until < now)
    return Outbox.state == LetterState.QUEUED, free


def _take_letter(installation: Installation) -> Outbox | None:
    statement = select(Outbox).where(*_is_waiting()).order_by(Outbox.queued_at).limit(1)
    with installation.transaction() as session:
        letter = session.scalar(statement.with_for_update(skip_locked=True))
        if letter is None:
            return None
        letter.lease_until = session.execute(select(func.vitrine_now())).scalar_one() + _LEASE
        letter.attempts += 1
        return letter


def _send_letter(installation: Installation, letter_id: UUID) -> None:
    with installation.transaction() as session:
        letter = session.get(Outbox, letter_id)
        # Its recipient was erased meanwhile, or it went out.
        if letter is None or letter.message_enc is None:
            return
        content = installation.seals.open(letter.message_enc, purpose=PURPOSE, row=str(letter.id))
    _keep(_folder(installation), letter_id, content)
    with installation.transaction() as session:
        _note_sent(session, letter_id)


def _note_sent(session: Session, letter_id: UUID) -> None:
    letter = session.get(Outbox, letter_id, with_for_update=True)
    if letter is None:
        return
    letter.state = LetterState.SENT
    letter.sent_at = session.execute(select(func.vitrine_now())).scalar_one()
    letter.message_enc = letter.lease_until = None
    record(
        session,
        EventKind.LETTER_SENT,
        key=event_key(letter.share_id, "sent", letter.id),
        share_id=letter.share_id,
        grant_id=letter.grant_id,
        payload={"template": letter.template, "attempts": letter.attempts, "to": "folder"},
    )


def find_kept_letters(installation: Installation, letter_id: UUID) -> list[Path]:
    """Find what the mail folder has of a letter, half written or whole."""
    names = (f"{letter_id}.eml", f"{letter_id}.html")
    places = [_folder(installation) / f"{dot}{name}" for name in names for dot in ("", ".")]
    return [place for place in places if place.exists()]


def discard_kept_letters(installation: Installation, letters: Iterable[UUID]) -> None:
    """Remove letters from the mail folder; one that is not there is no fault."""
    for letter_id in letters:
        for place in find_kept_letters(installation, letter_id):
            place.unlink(missing_ok=True)


def _folder(installation: Installation) -> Path:
    return installation.settings.home / "letters"


def _keep(folder: Path, letter_id: UUID, content: bytes) -> None:
    """Write a letter to the mail folder, whole or not at all; writing it again changes nothing."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    message = BytesParser(EmailMessage, policy=SMTP).parsebytes(content)
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    page = render_kept_letter(
        KeptLetterView(
            sender=str(message["From"]),
            recipient=str(message["To"]),
            subject=str(message["Subject"]),
            date=str(message["Date"]),
            text=text.get_content() if text else "",
            html=html.get_content() if html else "",
        )
    )
    for name, body in ((f"{letter_id}.eml", content), (f"{letter_id}.html", page)):
        with telling_of_room(), drafting(folder / name) as draft:
            write_new(draft, body, mode=_OWN_EYES_ONLY)
