"""A share like another one of the same owner: what the new request leaves open is taken from there.

Only what was asked for is taken, never what was found: the selection is frozen anew, with the
rights that its owner has today.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.kinds import ShareState
from models.share import Share
from models.shared_asset import SharedAsset
from services.errors import ExpiryInvalid, ShareNotFound, UnknownShare
from services.expiry import NEVER, NOW
from services.requests import ShareRequest
from services.shares import find_share

_GONE = frozenset({ShareState.PURGING, ShareState.PURGED})


@dataclass(frozen=True)
class Completed:
    """A request with nothing left open.

    `password_hash` is that of the other share, where it has one and the request names none;
    `withheld` are the ids of the assets that were taken out of it, and `like` is its id.
    """

    request: ShareRequest
    password_hash: str = ""
    withheld: frozenset[str] = frozenset()
    like: UUID | None = None


def complete_request(session: Session, request: ShareRequest) -> Completed:
    """Fill in what a request leaves at its defaults from the share that it names, if it names one.

    Raises:
        UnknownShare: the owner has no such share any more.
        ExpiryInvalid: its deadline has passed, and the request names none.
    """
    if not request.like:
        return Completed(request)
    share = _find_model(session, request)
    withdrawn = select(SharedAsset.asset_id).where(
        SharedAsset.share_id == share.id, SharedAsset.withdrawn_at.is_not(None)
    )
    withheld = frozenset(session.scalars(withdrawn))
    defaults = type(request).model_fields
    taken = {
        name: value
        for name, value in _read_values(session, share, request, withheld)
        if getattr(request, name) == defaults[name].default
    }
    filled = ShareRequest.model_validate({**request.model_dump(), **taken})
    return Completed(filled, "" if request.password else share.password_hash, withheld, share.id)


def _find_model(session: Session, request: ShareRequest) -> Share:
    try:
        share = find_share(session, request.like, owner=request.owner)
    except ShareNotFound as error:
        raise UnknownShare(
            f"{request.owner} has no share {request.like!r} to make another one like:"
            " name it by its id or by the request key that made it"
        ) from error
    if share.state in _GONE:
        raise UnknownShare(
            f"share {share.id} has been purged, nothing is left of it: ask for a share of its own"
        )
    return share


def _read_values(
    session: Session, share: Share, request: ShareRequest, withheld: frozenset[str]
) -> Iterator[tuple[str, Any]]:
    if not request.asset_ids and not request.folder:
        yield (
            ("folder", share.folder)
            if share.folder
            else ("asset_ids", _read_picked(session, share, withheld))
        )
    if request.expires_on == NEVER:
        yield "expires_on", _read_deadline(share)
    yield "zone", share.zone
    yield "message", share.message
    yield "context", share.context
    yield "is_downloadable", share.is_downloadable
    yield "visibility", share.visibility.value
    yield "formats", share.formats
    yield "originals", "without_metadata" if share.strips_originals else "as_they_are"
    yield "file_names", share.file_names
    yield "folders", "kept" if share.keeps_folders else "flat"
    yield "contact_lists", share.contact_lists
    yield "terms", share.terms_version.hex() if share.terms_version else ""
    closed = share.stays_closed_on_failure
    yield "on_failed_rendition", "stay_closed" if closed else "open_without"


def _read_picked(session: Session, share: Share, withheld: frozenset[str]) -> list[str]:
    picked = session.scalars(
        select(SharedAsset.asset_id)
        .where(SharedAsset.share_id == share.id)
        .order_by(SharedAsset.position)
    )
    return [one for one in picked if one not in withheld]


def _read_deadline(share: Share) -> str:
    """Read the words for a deadline; the passed one of a day is refused by whoever resolves it."""
    if share.expires_text == NOW:
        raise ExpiryInvalid(
            f"share {share.id} was ended by its owner: say in expires_on until when the new one lasts"
        )
    return share.expires_text
