"""What owners do to a share that is out: change it, revoke it or one link, withdraw an asset. True at once.

The gate reads these rows for every byte, so a change holds the moment it commits; pages and bundles
that were made before say nothing that the gate allows.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.base import new_id
from models.grant import Grant
from models.kinds import Actor, EventKind, ShareState
from models.share import Share
from models.shared_asset import SharedAsset
from services.clock import read_clock
from services.errors import ChangeRefused
from services.expiry import find_expiry
from services.history import event_key, record
from services.installation import Installation
from services.lifecycle import CHANGEABLE, check_changeable, close_if_over, move, open_if_in_time
from services.moments import reach
from services.passwords import find_password
from services.requests import UUID_PATTERN, number_fields
from services.shares import find_share
from services.terms import find_terms_version
from services.throttle import forget_all_guesses

#: Written instead of a password's id, it removes the password.
_NONE = "none"


class ShareChange(BaseModel):
    """What is to be different; an empty value leaves it as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra=number_fields)

    expires_on: str = Field(
        default="",
        title="Available until",
        description="A day (2026-12-31, its end counts), a time (2026-12-31T18:00), or never."
        " Empty: as it is.",
        pattern=r"^(never|\d{4}-\d{2}-\d{2}(T\d{2}:\d{2})?)?$",
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
        for name, value in changed.items():
            setattr(share, name, value)
        if "password_epoch" in changed:
            forget_all_guesses(session, share.id)
        reach("change:written")
        names = sorted({_CALLED[name] for name in changed})
        if names:
            _record(session, share, EventKind.SHARE_CHANGED, asked_by, {"changed": names})
        open_if_in_time(session, share, now)
        reach("change:recorded")
    reach("change:done")
    return names


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
        reach("withdraw:written")
        _record(session, share, EventKind.ASSET_WITHDRAWN, asked_by, {}, position=asset.position)
        reach("withdraw:recorded")
    reach("withdraw:done")
    return True


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


def _find_live(session: Session, key: str, owner: str) -> Share:
    share = find_share(session, key, owner=owner, is_locked=True)
    check_changeable(share)
    return share


def _find_values(session: Session, share: Share, change: ShareChange) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if change.zone and not change.expires_on:
        raise ChangeRefused("zone is given without expires_on: say the day or the time too")
    if change.expires_on:
        zone = change.zone or share.zone
        expires_at = find_expiry(change.expires_on, zone=zone, now=read_clock(session))
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
