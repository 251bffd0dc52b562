"""What owners do to a share that is out: change it, revoke it or one link, withdraw an asset. True at once.

The gate reads these rows for every byte, so a change holds the moment it commits; pages and bundles
that were made before say nothing that the gate allows.
"""

from datetime import datetime
from typing import Any, Literal, NoReturn

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.base import new_id
from models.grant import Grant
from models.kinds import Actor, EventKind, ShareState
from models.share import Share
from models.shared_asset import SharedAsset
from services.clock import read_clock
from services.errors import AdditionRefused, ChangeRefused
from services.expiry import EXPIRY_PATTERN, NOW, compare_ends, find_change
from services.history import event_key, record
from services.installation import Installation
from services.lifecycle import CHANGEABLE, check_changeable, close_if_over, move, open_if_in_time
from services.moments import reach
from services.passwords import find_password
from services.requests import UUID_PATTERN, number_fields
from services.shares import find_share
from services.staleness import mark_pages, mark_withdrawn
from services.terms import find_terms_version
from services.throttle import forget_all_guesses

#: Written instead of an id, it removes a password or terms.
_NONE = "none"
#: Whoever writes one of these wants to add something.
_ADDITIONS = frozenset({"add", "asset", "asset_id", "asset_ids", "assets", "folder"})
_SAY_NEW = "nothing can be added to a share: publish a new one, with like naming this one"


class ShareChange(BaseModel):
    """What is to be different; an empty value leaves it as it is. Nothing can be added to a share."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra=number_fields)

    @model_validator(mode="before")
    @classmethod
    def _refuse_additions(cls, given: Any) -> Any:
        if isinstance(given, dict) and _ADDITIONS & given.keys():
            raise ValueError(_SAY_NEW)
        return given

    expires_on: str = Field(
        default="",
        title="Available until",
        description="A day (2026-12-31, its end counts), a time (2026-12-31T18:00), a period from"
        " now on (8 hours, 14 days, 3 months), never, or now, which ends it. Empty: as it is.",
        pattern=rf"^({EXPIRY_PATTERN}|now)?$",
    )
    zone: str = Field(
        default="",
        title="Time zone",
        description="The zone of that day or time. Empty: the one that the share has.",
        max_length=64,
    )
    downloads: Literal["as they are", "on", "off"] = Field(
        default="as they are", title="Downloads", description="Whether anything may be taken."
    )
    password: str = Field(
        default="",
        title="Password",
        description="The id that the desk gave for a password; none removes it. Empty: as it is."
        " Whoever knew the old one is asked again.",
        pattern=rf"^(none|{UUID_PATTERN})?$",
    )
    terms: str = Field(
        default="",
        title="Terms",
        description="The id that the desk gave for terms; none asks for none. Empty: as they are."
        " Other terms ask everybody again.",
        pattern=r"^(none|[0-9a-f]{64})?$",
    )


def change_share(
    installation: Installation, key: str, change: ShareChange, *, owner: str = "", asked_by: str
) -> list[str]:
    """Change a live share, and return the names of what is different now.

    Raises:
        ShareNotFound: there is no such share.
        RequestRefused: it is revoked or purged, or the change cannot be carried out.
    """
    with installation.transaction() as session:
        share = _find_live(session, key, owner)
        values = _find_values(session, share, change)
        changed = {name: v for name, v in values.items() if getattr(share, name) != v}
        now = read_clock(session)
        close_if_over(session, share, now)
        payload = _describe(share, changed, now)
        for name, value in changed.items():
            setattr(share, name, value)
        if "password_epoch" in changed:
            forget_all_guesses(session, share.id)
        if _ON_PAGES.intersection(payload["changed"]):
            mark_pages(session, share.id)
        reach("change:written")
        if payload["changed"]:
            _record(session, share, EventKind.SHARE_CHANGED, asked_by, payload)
        open_if_in_time(session, share, now)
        reach("change:recorded")
    reach("change:done")
    return list(payload["changed"])


def revoke_share(installation: Installation, key: str, *, owner: str = "", asked_by: str) -> bool:
    """Close a share for good; its links look as if they had never been. False if it was closed."""
    with installation.transaction() as session:
        share = find_share(session, key, owner=owner, is_locked=True)
        if share.state not in CHANGEABLE:
            return False
        once = event_key(share.id, "revoked")
        payload = {"door": asked_by}
        move(session, share, ShareState.REVOKED, key=once, actor=Actor.OWNER, payload=payload)
        reach("revoke:recorded")
    reach("revoke:done")
    return True


def withdraw_asset(
    installation: Installation, key: str, asset_id: str, *, owner: str = "", asked_by: str
) -> bool:
    """Take one asset out of a share. False if it was out already.

    Raises:
        ChangeRefused: the share has no such asset.
    """
    with installation.transaction() as session:
        share = _find_live(session, key, owner)
        asset = session.scalar(
            select(SharedAsset).where(
                SharedAsset.share_id == share.id, SharedAsset.asset_id == asset_id
            )
        )
        if asset is None:
            raise ChangeRefused(f"share {share.id} has no asset {asset_id!r}")
        if asset.withdrawn_at is not None:
            return False
        asset.withdrawn_at = read_clock(session)
        mark_withdrawn(session, share.id, asset.position)
        reach("withdraw:written")
        _record(session, share, EventKind.ASSET_WITHDRAWN, asked_by, {}, position=asset.position)
        reach("withdraw:recorded")
    reach("withdraw:done")
    return True


def refuse_addition(installation: Installation, key: str, *, owner: str = "") -> NoReturn:
    """Refuse to add anything to a share: whoever has its link was shown what it holds.

    Raises:
        AdditionRefused: always, with what to do instead.
        ShareNotFound: there is no such share.
    """
    with installation.transaction() as session:
        share = find_share(session, key, owner=owner)
    raise AdditionRefused(f"share {share.id} is as it was published: {_SAY_NEW}")


def revoke_link(
    installation: Installation, key: str, *, recipient: str, owner: str = "", asked_by: str
) -> bool:
    """Close one link for good, that of one recipient or (empty) that for everybody.

    False if it was closed. The others stay as they are.

    Raises:
        ChangeRefused: nobody of that address was invited.
    """
    with installation.transaction() as session:
        share = _find_live(session, key, owner)
        grants = session.scalars(select(Grant).where(Grant.share_id == share.id)).all()
        wanted = recipient.strip().casefold()
        grant = next((one for one in grants if one.recipient.casefold() == wanted), None)
        if grant is None:
            raise ChangeRefused(f"share {share.id} has no link for that recipient")
        if grant.revoked_at is not None:
            return False
        grant.revoked_at = read_clock(session)
        _record(session, share, EventKind.LINK_REVOKED, asked_by, {}, grant=grant)
        reach("link:recorded")
    reach("link:done")
    return True


#: What pages tell of.
_ON_PAGES = frozenset({"expiry", "downloads", "terms"})

#: What the history calls a changed column.
_CALLED = {
    "expires_at": "expiry",
    "expires_text": "expiry",
    "zone": "expiry",
    "is_downloadable": "downloads",
    "password_hash": "password",
    "password_epoch": "password",
    "terms_version": "terms",
}


def _describe(share: Share, changed: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Say for the history what is about to be different, and what becomes of the deadline."""
    payload: dict[str, Any] = {"changed": sorted({_CALLED[name] for name in changed})}
    if "expires_at" in changed:
        payload["expiry"] = compare_ends(share.expires_at, changed["expires_at"], now=now)
    return payload


def _find_live(session: Session, key: str, owner: str) -> Share:
    share = find_share(session, key, owner=owner, is_locked=True)
    check_changeable(share)
    return share


def _find_values(session: Session, share: Share, change: ShareChange) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if change.zone and not change.expires_on:
        raise ChangeRefused("zone is given without expires_on: say the day or the time too")
    now = read_clock(session)
    # What has ended stays ended when it did: saying so again changes nothing.
    if change.expires_on and not (change.expires_on == NOW and share.is_expired(now)):
        zone = change.zone or share.zone
        expires_at = find_change(change.expires_on, zone=zone, now=now)
        values |= {"expires_at": expires_at, "expires_text": change.expires_on, "zone": zone}
    if change.downloads != "as they are":
        values["is_downloadable"] = change.downloads == "on"
    if change.password:
        hashed = "" if change.password == _NONE else find_password(session, change.password)
        values |= {"password_hash": hashed}
        if hashed != share.password_hash:
            values["password_epoch"] = share.password_epoch + 1
    if change.terms:
        version = None if change.terms == _NONE else find_terms_version(session, change.terms)
        values |= {"terms_version": version}
    return values


def _record(
    session: Session,
    share: Share,
    kind: EventKind,
    asked_by: str,
    payload: dict[str, Any],
    *,
    position: int | None = None,
    grant: Grant | None = None,
) -> None:
    record(
        session,
        kind,
        key=event_key(new_id()),
        actor=Actor.OWNER,
        share_id=share.id,
        position=position,
        grant_id=grant.id if grant else None,
        payload={"door": asked_by, **payload},
        person={"address": grant.recipient} if grant and grant.recipient else None,
    )
