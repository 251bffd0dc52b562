"""From a request to a frozen selection: everything that can be refused is refused here.

Nothing is written before the whole selection is known to be good, apart from the digests of the
originals, which the next attempt finds again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from models.invitation import Invitation
from services.brands import find_brand
from services.clock import read_clock
from services.dam.protocol import BadFile, Contact, Dam, DamAsset, DamUser
from services.errors import (
    NotAllowedToShare,
    RightsClosed,
    SelectionInvalid,
    UnknownContext,
    UnknownFormat,
    UnknownRecipients,
    UnusableOriginal,
)
from services.expiry import find_expiry
from services.formats.catalogue import ORIGINAL, Format, list_default_formats, read_catalogue
from services.installation import Installation
from services.invitations import read_invitation
from services.likeness import Completed, complete_request
from services.originals import Original, identify_originals
from services.passwords import find_password
from services.requests import MOST_IN_FOLDER, MOST_PICKED, NO_PASSWORD, ShareRequest
from services.terms import find_terms_version

_MOST_NAMED = 20


@dataclass(frozen=True)
class Selection:
    """What a request comes to: who shares what with whom, until when.

    `request` is the request with what it takes from another share, whose id is `like`.
    `originals` has every part of every asset by its source key; `left_out` the bad files of a
    folder, which picked assets never have.
    """

    request: ShareRequest
    like: UUID | None
    owner: DamUser
    assets: tuple[DamAsset, ...]
    originals: dict[str, Original]
    left_out: tuple[BadFile, ...]
    recipients: tuple[Contact, ...]
    expires_at: datetime | None
    password_hash: str
    terms_version: bytes | None
    brand_id: UUID | None
    dam_version: str
    now: datetime
    names: tuple[str, ...]
    formats: list[Format]


def resolve_selection(installation: Installation, request: ShareRequest) -> Selection:
    """Find out all that the request means, or refuse it.

    Raises:
        RequestRefused: with the thing and the remedy named; nothing was made.
    """
    dam = installation.dam()
    # Before anything is read of it: a change meanwhile is then a change after the freezing.
    version = dam.version()
    with installation.transaction() as session:
        completed = complete_request(session, request)
        request = completed.request
        now = read_clock(session)
        recipients = _find_recipients(installation, session, dam, request)
        password = _find_password(session, completed)
        terms = find_terms_version(session, request.terms) if request.terms else None
        brand = find_brand(session)
        names, formats = _find_formats(session, request)
    owner = dam.user(request.owner)
    _check_context(dam, request.context)
    expires_at = find_expiry(request.expires_on, zone=request.zone, now=now)
    assets, bad = _find_assets(dam, request, completed.withheld)
    _check_rights(dam, owner, assets)
    places = {file.source_key: dam.locate(file.source_key) for a in assets for file in a.files}
    originals, unreadable = identify_originals(installation, places)
    usable, closed = _divide_by_rights(request, assets, now)
    kept, left_out = _leave_out(request, usable, [*bad, *unreadable])
    return Selection(
        request,
        completed.like,
        owner,
        kept,
        originals,
        (*left_out, *closed),
        recipients,
        expires_at,
        password,
        terms,
        brand.id if brand else None,
        version,
        now,
        names,
        formats,
    )


def _find_password(session: Session, completed: Completed) -> str:
    named = completed.request.password
    if named in {"", NO_PASSWORD}:
        return completed.password_hash
    return find_password(session, named)


def _find_formats(session: Session, request: ShareRequest) -> tuple[tuple[str, ...], list[Format]]:
    catalogue = read_catalogue(session)
    names = tuple(dict.fromkeys(request.formats or list_default_formats(session)))
    unknown = [name for name in names if name != ORIGINAL and name not in catalogue]
    if unknown:
        known = ", ".join([ORIGINAL, *catalogue])
        raise UnknownFormat(
            f"{len(unknown)} of the formats do not exist: {', '.join(unknown)} (there are: {known})"
        )
    return names, [catalogue[name] for name in names if name != ORIGINAL]


def _check_context(dam: Dam, name: str) -> None:
    known = [one.name for one in dam.contexts()]
    if name and name not in known:
        raise UnknownContext(
            f"there is no context {name!r} in the DAM (there are: {', '.join(known) or 'none'}):"
            " choose one of these, or leave it empty"
        )


def _find_assets(
    dam: Dam, request: ShareRequest, withheld: frozenset[str]
) -> tuple[Sequence[DamAsset], list[BadFile]]:
    if request.folder and request.asset_ids:
        raise SelectionInvalid(
            "asset_ids and folder are both given: a share is either picked assets or one folder"
        )
    if request.folder:
        contents = dam.folder(request.folder)
        wanted = [one for one in contents.assets if one.id not in withheld]
        _check_size(request.folder, len(wanted))
        out = [one for one in contents.assets if one.id in withheld]
        return wanted, [*contents.bad_files, *map(_explain_withheld, out)]
    if not request.asset_ids:
        raise SelectionInvalid("neither asset_ids nor folder is given: name what is to be shared")
    assets = dam.assets(request.asset_ids)
    if len(assets) > MOST_PICKED:
        raise SelectionInvalid(f"{len(assets)} assets are picked, {MOST_PICKED} is the most")
    return assets, []


def _explain_withheld(asset: DamAsset) -> BadFile:
    return BadFile(
        asset.files[0].source_key, "it was withdrawn from the share that this one is like"
    )


def _check_size(folder: str, count: int) -> None:
    if count == 0:
        raise SelectionInvalid(f"the folder {folder} holds no asset that can be shared")
    if count > MOST_IN_FOLDER:
        raise SelectionInvalid(
            f"the folder {folder} holds {count:,} assets, {MOST_IN_FOLDER:,} is the most:"
            " share its sub-folders one by one"
        )


def _check_rights(dam: Dam, owner: DamUser, assets: Sequence[DamAsset]) -> None:
    refused = dam.refused_assets(owner, assets)
    if refused:
        names = ", ".join(asset.id for asset in refused)
        raise NotAllowedToShare(
            f"{owner.id} may not share {len(refused)} of {len(assets)} assets: {names}."
            " Leave them out, or ask for the right to share them"
        )


def _divide_by_rights(
    request: ShareRequest, assets: Sequence[DamAsset], now: datetime
) -> tuple[tuple[DamAsset, ...], list[BadFile]]:
    """Leave out what nobody may use today; among picked assets it refuses the request."""
    closed = [asset for asset in assets if not asset.rights.is_open(now)]
    if closed and not request.folder:
        names = "; ".join(_explain_window(asset, now) for asset in closed[:_MOST_NAMED])
        raise RightsClosed(
            f"{len(closed)} of {len(assets)} assets may not be used today: {names}."
            " Leave them out, or have their rights extended"
        )
    usable = tuple(asset for asset in assets if asset.rights.is_open(now))
    return usable, [BadFile(one.files[0].source_key, _explain_window(one, now)) for one in closed]


def _explain_window(asset: DamAsset, now: datetime) -> str:
    window = asset.rights
    if window.ends_at is not None and window.ends_at <= now:
        return f"the rights to {asset.id} ended at {window.ends_at:%Y-%m-%d %H:%M} UTC"
    return f"the rights to {asset.id} begin at {window.begins_at:%Y-%m-%d %H:%M} UTC"


def _leave_out(
    request: ShareRequest, assets: Sequence[DamAsset], bad: Sequence[BadFile]
) -> tuple[tuple[DamAsset, ...], list[BadFile]]:
    spoilt = {one.source_key for one in bad}
    kept = tuple(a for a in assets if not any(file.source_key in spoilt for file in a.files))
    if not request.folder and bad:
        names = "; ".join(f"{one.source_key}: {one.reason}" for one in bad[:_MOST_NAMED])
        raise UnusableOriginal(
            f"{len(bad)} of the picked assets cannot be used: {names}. Repair them or leave them out"
        )
    if not kept:
        raise SelectionInvalid(f"the folder {request.folder} holds no asset that can be shared")
    return kept, list(bad)


def _find_recipients(
    installation: Installation, session: Session, dam: Dam, request: ShareRequest
) -> tuple[Contact, ...]:
    people = [person for name in request.contact_lists for person in dam.contacts(name)]
    if request.invitation:
        invitation = session.get(Invitation, UUID(request.invitation))
        if invitation is None:
            raise UnknownRecipients(
                f"there is no invitation {request.invitation}: the desk gives an id for each list"
            )
        people += read_invitation(installation.seals, invitation)
    # One letter per address, however many lists it stands on.
    return tuple({person.address.casefold(): person for person in reversed(people)}.values())[::-1]
