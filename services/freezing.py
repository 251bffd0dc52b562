"""Freeze a selection: the share, its assets and its grants come into being in one transaction."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models.base import new_id
from models.kinds import Actor, AssetKind, EventKind, ShareState
from models.share import Share
from models.shared_asset import SharedAsset
from services.batches import batched
from services.dam.protocol import DamAsset, DamFile
from services.errors import RequestKeyTaken, RequestRefused
from services.formats.offered import keep_offered
from services.history import event_key, record
from services.installation import Installation
from services.leases import Claim, wait_for_lease
from services.lifecycle import check_not_over, move
from services.links import make_grant
from services.moments import reach
from services.originals import Original
from services.requests import ShareRequest
from services.runs import note_run
from services.selection import Selection, resolve_selection
from services.space import check_space

_INSERT_BATCH = 1000


def claim_share(installation: Installation, request: ShareRequest, *, run: str) -> Claim:
    """Freeze what the request selects, or find the share that it made before, and claim it.

    `run` names the flow run; it is the request's key where the request has none.

    Raises:
        RequestRefused: the request cannot be carried out; that too is on record.
    """
    key = request.request_key or run
    try:
        share_id = _find_share(installation, request, key, run) or _freeze(
            installation, request, key, run
        )
    except RequestRefused as refusal:
        _note_refusal(installation, request, run, refusal)
        raise
    reach("publish:frozen")
    claim = wait_for_lease(installation, share_id, holder=run)
    reach("publish:claimed")
    return claim


def _find_share(
    installation: Installation, request: ShareRequest, key: str, run: str
) -> UUID | None:
    statement = select(Share).where(Share.owner == request.owner, Share.request_key == key)
    with installation.transaction() as session:
        share = session.scalar(statement)
        if share is None:
            return None
        check_not_over(share)
        note_run(session, share.id, run)
    if share.request_digest != request.digest():
        raise RequestKeyTaken(
            f"the request key {key} was used for another request, which made share {share.id}:"
            " send a new key for a new share, or the first request again"
        )
    return share.id


def _freeze(installation: Installation, request: ShareRequest, key: str, run: str) -> UUID:
    selection = resolve_selection(installation, request)
    reach("publish:originals_read")
    check_space(installation, selection.originals.values())
    with installation.transaction() as session:
        share = _share_row(selection, key, request.digest())
        statement = insert(Share).values(share).on_conflict_do_nothing().returning(Share.id)
        if session.execute(statement).scalar_one_or_none() is not None:
            reach("publish:share_written")
            _freeze_contents(installation, session, share["id"], selection)
            note_run(session, share["id"], run)
            reach("publish:contents_written")
            return UUID(str(share["id"]))
    # Another run with this key was faster: its share is the one, if it asks for the same.
    found = _find_share(installation, request, key, run)
    if found is None:
        raise RequestRefused("a share with this request key is being removed: send a new key")
    return found


def _freeze_contents(
    installation: Installation,
    session: Session,
    share_id: UUID,
    selection: Selection,
) -> None:
    rows = (
        _asset_row(share_id, position, asset, selection.originals, _show_details(selection, asset))
        for position, asset in enumerate(selection.assets, 1)
    )
    for some in batched(rows, _INSERT_BATCH):
        session.execute(insert(SharedAsset), some)
    keep_offered(session, share_id, selection.formats)
    session.add(make_grant(installation.seals, share_id))
    for person in selection.recipients:
        session.add(
            make_grant(
                installation.seals, share_id, recipient=person.address, recipient_name=person.name
            )
        )
    _record_freezing(session, share_id, selection)


def _share_row(selection: Selection, key: str, digest: bytes) -> dict[str, Any]:
    request = selection.request
    return {
        "id": new_id(),
        "request_key": key,
        # Of the request as it was sent: the share that it is like may be another one tomorrow.
        "request_digest": digest,
        "owner": request.owner,
        "owner_name": selection.owner.name,
        "owner_address": selection.owner.email,
        "title": request.title.strip(),
        "message": request.message.strip(),
        "folder": request.folder,
        "context": request.context,
        "frozen_at": selection.now,
        "expires_at": selection.expires_at,
        "expires_text": request.expires_on,
        "zone": request.zone,
        "password_hash": selection.password_hash,
        "terms_version": selection.terms_version,
        "brand_id": selection.brand_id,
        "visibility": request.visibility,
        "dam_version": selection.dam_version,
        "is_downloadable": request.is_downloadable,
        "stays_closed_on_failure": request.on_failed_rendition == "stay_closed",
        "formats": list(selection.names),
        "strips_originals": request.originals == "without_metadata",
        "file_names": request.file_names,
        "keeps_folders": request.folders == "kept",
        "contact_lists": list(request.contact_lists),
        "invitation": request.invitation,
    }


def _asset_row(
    share_id: UUID,
    position: int,
    asset: DamAsset,
    originals: dict[str, Original],
    details: list[dict[str, Any]],
) -> dict[str, Any]:
    parts = [_part(file, originals[file.source_key]) for file in asset.files]
    first = originals[asset.files[0].source_key]
    kind = first.kind if asset.kind_hint == "file" else AssetKind(asset.kind_hint)
    return {
        "share_id": share_id,
        "position": position,
        "asset_id": asset.id,
        "kind": kind,
        "title": asset.title,
        "description": asset.description,
        "folder": asset.folder,
        "media_type": first.media_type,
        "source_key": first.source_key,
        "file_name": asset.files[0].file_name,
        # Subtitles come along with a film, and do not count as the asset's own bytes.
        "size_bytes": sum(part["size_bytes"] for part in parts if part["role"] == "original"),
        "sha256": first.sha256,
        "crc32": first.crc32,
        "modified_at": first.modified_at,
        "details": details,
        "rights_end_at": asset.rights.ends_at,
        "parts": parts,
    }


def _show_details(selection: Selection, asset: DamAsset) -> list[dict[str, Any]]:
    """Choose what may be shown beyond title and description: what is not chosen is not kept."""
    if selection.request.visibility != "complete":
        return []
    shown = [one for one in asset.classified if one.classification in selection.owner.manages]
    return [
        {"name": name, "values": list(values), "is_tags": is_tags}
        for one in shown
        for name, values, is_tags in [
            *([(one.classification, one.tags, True)] if one.tags else []),
            *((field, (value,), False) for field, value in one.fields),
        ]
    ]


def _part(file: DamFile, original: Original) -> dict[str, Any]:
    return {
        "source_key": file.source_key,
        "file_name": file.file_name,
        "kind": original.kind,
        "role": file.role,
        "language": file.language,
        "entry": file.entry,
        "is_frame": file.is_frame,
        "title": file.title,
        "media_type": original.media_type,
        "size_bytes": original.size_bytes,
        "sha256": original.sha256.hex(),
        "crc32": original.crc32,
        "modified_at": original.modified_at.isoformat(),
        "stat": {
            "mtime_ns": original.fingerprint.mtime_ns,
            "ctime_ns": original.fingerprint.ctime_ns,
            "inode": original.fingerprint.inode,
        },
    }


def _record_freezing(session: Session, share_id: UUID, selection: Selection) -> None:
    request = selection.request
    record(
        session,
        EventKind.SHARE_REQUESTED,
        key=event_key(share_id, "requested"),
        actor=Actor.OWNER,
        share_id=share_id,
        payload={
            "picked": len(request.asset_ids),
            "is_folder": bool(request.folder),
            "recipients": len(selection.recipients),
            "formats": list(selection.names),
            "is_downloadable": request.is_downloadable,
            "context": request.context,
            **({"like": str(selection.like)} if selection.like else {}),
        },
        person={"owner": request.owner, "title": request.title},
    )
    move(
        session,
        session.get_one(Share, share_id, with_for_update=True),
        ShareState.PUBLISHING,
        key=event_key(share_id, "frozen"),
        payload={
            "assets": len(selection.assets),
            "left_out": len(selection.left_out),
            "bytes": sum(one.size_bytes for one in selection.originals.values()),
        },
    )
    for bad in selection.left_out:
        record(
            session,
            EventKind.ASSET_LEFT_OUT,
            key=event_key(share_id, "left out", bad.source_key),
            share_id=share_id,
            person={"source_key": bad.source_key, "reason": bad.reason},
        )


def _note_refusal(
    installation: Installation, request: ShareRequest, run: str, refusal: RequestRefused
) -> None:
    with installation.transaction() as session:
        record(
            session,
            EventKind.REQUEST_REFUSED,
            key=event_key("refused", run),
            actor=Actor.OWNER,
            payload={"reason": type(refusal).__name__},
            person={"owner": request.owner, "title": request.title, "message": str(refusal)},
        )
