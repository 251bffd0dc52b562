"""Terms of use: kept for ever as they were shown, accepted by an act that is on record.

A version is all its languages together; its name is the SHA-256 of their exact texts. New terms are
another version: they ask everybody again, and what was accepted before stays on record.
"""

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models.base import new_id
from models.history import HistoryEvent
from models.kinds import Actor, EventKind
from models.share import Share
from models.terms_version import TermsVersion
from services.access import Action, admit
from services.errors import ShareNotFound, TermsNeeded, TermsUnusable, UnknownTerms
from services.history import event_key, record
from services.installation import Installation
from services.networks import find_network
from services.visit_seals import Visit, read_visit, seal_visit
from services.visitors import Visitor

_LONGEST_TEXT = 200_000
_MOST_LANGUAGES = 40


@dataclass(frozen=True)
class Terms:
    """One language of one version, as it is shown: Markdown, and the version's digest in hex."""

    version: str
    language: str
    text: str


@dataclass(frozen=True)
class Acceptance:
    """What is on record of one acceptance."""

    event_key: str
    accepted_at: datetime
    share_id: str
    terms: Terms


def keep_terms(installation: Installation, texts: Mapping[str, str]) -> str:
    """Keep a version of terms, given as Markdown per language, and return its digest in hex.

    The first language is the one for readers of none of them.

    Raises:
        TermsUnusable: no text, an empty one, or one that is too long.
    """
    if not 1 <= len(texts) <= _MOST_LANGUAGES:
        raise TermsUnusable(f"terms are given in 1 to {_MOST_LANGUAGES} languages")
    tidy = {language: unicodedata.normalize("NFC", text) for language, text in texts.items()}
    for language, text in tidy.items():
        if not text.strip() or len(text) > _LONGEST_TEXT:
            raise TermsUnusable(f"the terms in {language!r} have no text, or too much of it")
    content = json.dumps(list(tidy.items()), ensure_ascii=False, separators=(",", ":"))
    digest = hashlib.sha256(content.encode()).digest()
    rows = [
        {"digest": digest, "language": language, "position": position, "text": text}
        for position, (language, text) in enumerate(tidy.items())
    ]
    with installation.transaction() as session:
        session.execute(insert(TermsVersion).on_conflict_do_nothing(), rows)
    return digest.hex()


def find_terms_version(session: Session, version: str) -> bytes:
    """Check that a version of terms is kept, and return its digest.

    Raises:
        UnknownTerms: it is not.
    """
    digest = bytes.fromhex(version)
    found = select(TermsVersion.digest).where(TermsVersion.digest == digest).limit(1)
    if session.scalar(found) is None:
        raise UnknownTerms(
            f"there are no terms {version[:12]}…: the desk gives an id for each (POST /terms)"
        )
    return digest


def read_terms(
    installation: Installation, token: str, *, shown: str, languages: tuple[str, ...]
) -> Terms:
    """Read the terms that a share asks for, in the first of these languages that they have."""
    with installation.transaction() as session:
        action = Action.ACCEPT
        admission = admit(session, installation.seals, token, action=action, shown=shown)
        return _choose(session, admission.share, languages)


def accept_terms(
    installation: Installation,
    token: str,
    *,
    terms: str,
    visitor: Visitor,
    shown: str,
    languages: tuple[str, ...],
) -> str:
    """Put an acceptance on record, and return the sealed visit that carries it.

    Raises:
        TermsNeeded: the form was of another version than the share asks for now.
    """
    seals = installation.seals
    with installation.transaction() as session:
        admission = admit(session, seals, token, action=Action.ACCEPT, shown=shown)
        accepted = _choose(session, admission.share, languages)
        if accepted.version != terms:
            raise TermsNeeded
        key = event_key(new_id())
        record(
            session,
            EventKind.TERMS_ACCEPTED,
            key=key,
            actor=Actor.RECIPIENT,
            share_id=admission.share.id,
            grant_id=admission.grant.id,
            payload={
                "terms": accepted.version,
                "language": accepted.language,
                "shown": hashlib.sha256(accepted.text.encode()).hexdigest(),
                "act": "box ticked and form sent",
            },
            person={
                "address": visitor.address,
                "network": find_network(visitor.address),
                "agent": visitor.agent,
            },
        )
    before = read_visit(seals, admission.grant.id, shown)
    # The twelve hours run from the password, not from here.
    begun_at = before.begun_at if before else admission.now
    epoch = admission.share.password_epoch
    return seal_visit(seals, Visit(admission.grant.id, epoch, begun_at, terms, str(key)))


def find_acceptance(installation: Installation, token: str, *, shown: str) -> Acceptance:
    """Find what is on record of the acceptance that a visit carries.

    Raises:
        ShareNotFound: this share asks for no terms.
    """
    with installation.transaction() as session:
        admission = admit(session, installation.seals, token, action=Action.LOOK, shown=shown)
        visit = read_visit(installation.seals, admission.grant.id, shown)
        if visit is None or not visit.acceptance:
            raise ShareNotFound
        event = session.scalars(
            select(HistoryEvent).where(HistoryEvent.event_key == visit.acceptance)
        ).one()
        terms = _choose(session, admission.share, (event.payload["language"],))
        return Acceptance(visit.acceptance, event.at, str(admission.share.id), terms)


def _choose(session: Session, share: Share, languages: tuple[str, ...]) -> Terms:
    rows = session.scalars(
        select(TermsVersion)
        .where(TermsVersion.digest == share.terms_version)
        .order_by(TermsVersion.position)
    ).all()
    if not rows:
        raise ShareNotFound
    by_language = {row.language.casefold(): row for row in reversed(rows)}
    for language in languages:
        for name in (language.casefold(), language.casefold().partition("-")[0]):
            if name in by_language:
                row = by_language[name]
                return Terms(row.digest.hex(), row.language, row.text)
    return Terms(rows[0].digest.hex(), rows[0].language, rows[0].text)
