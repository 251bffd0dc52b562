"""Which zips a share offers, and what is in each of them."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models.bundle import Bundle
from models.kinds import EventKind, ShareState
from models.share import Share
from models.shared_asset import SharedAsset
from services.bundles.manifest import AbsentAsset, ManifestFile, write_manifest
from services.bundles.plan import PlanEntry, write_plan
from services.contents import (
    Contents,
    choose_format,
    find_taken,
    has_parts,
    list_bundle_formats,
    read_contents,
)
from services.delivery import refer_to_original, refer_to_rendition, refer_to_stored
from services.formats.catalogue import ORIGINAL
from services.formats.endings import ENDINGS
from services.history import event_key, record
from services.installation import Installation
from services.leases import Claim, hold
from services.naming import make_unique, safe_name, safe_path

_MANIFEST_NAME = "MANIFEST.json"


@dataclass(frozen=True)
class _Member:
    path: str
    asset_id: str
    format: str
    size_bytes: int
    crc32: int
    sha256: bytes
    modified_at: datetime
    source: dict[str, Any]


def plan_bundles(installation: Installation, claim: Claim) -> int:
    """Write the plan of each zip that the share offers, and return how many there are."""
    with installation.transaction() as session:
        share = hold(session, claim)
        if not share.is_downloadable:
            return 0
        if share.state is not ShareState.PUBLISHING:
            # What is on offer stays as it is: somebody may be in the middle of it.
            offered = select(func.count()).where(Bundle.share_id == share.id)
            return session.scalar(offered) or 0
        contents = read_contents(session, share)
    wanted = [(0, name) for name in list_bundle_formats(contents)]
    if ORIGINAL in share.formats:
        wanted += [(a.position, ORIGINAL) for a in contents.assets if has_parts(a)]
    bundles = [_plan(installation, contents, position, name) for position, name in wanted]
    with installation.transaction() as session:
        hold(session, claim)
        for bundle in bundles:
            _offer(session, bundle)
    return len(bundles)


def plan_custom_bundle(installation: Installation, share: Share, name: str) -> None:
    """Write the plan of the zip of a format that was made to order, as it is now."""
    with installation.transaction() as session:
        contents = read_contents(session, share)
    bundle = _plan(installation, contents, 0, name)
    with installation.transaction() as session:
        _offer(session, bundle)


def _offer(session: Session, bundle: dict[str, Any]) -> None:
    session.execute(
        insert(Bundle)
        .values(bundle)
        .on_conflict_do_update(
            index_elements=[Bundle.share_id, Bundle.position, Bundle.format], set_=bundle
        )
    )
    _record(session, bundle)


def _plan(
    installation: Installation, contents: Contents, position: int, name: str
) -> dict[str, Any]:
    share = contents.share
    assets = [a for a in contents.assets if position in {0, a.position}]
    members, absent = _choose(contents, assets, name)
    if not position:
        absent += contents.left_out
    paths = make_unique([_MANIFEST_NAME, *(member.path for member in members)])[1:]
    manifest = write_manifest(
        share_id=share.id,
        frozen_at=_frozen_at(share),
        files=[_describe(member, path) for member, path in zip(members, paths, strict=True)],
        absent=absent,
    )
    entries = [_entry(member, path) for member, path in zip(members, paths, strict=True)]
    base = f"plans/{share.id}/{position}-{name}"
    # Under their content: whoever still reads an older plan reads on in it.
    digest = hashlib.sha256(manifest).hexdigest()[:16]
    entries.append(_store_manifest(installation, share, manifest, f"{base}-{digest}.json"))
    plan = write_plan(entries)
    plan_key = f"{base}-{hashlib.sha256(plan.content).hexdigest()[:16]}.plan"
    installation.store.put(plan_key, plan.content)
    title = assets[0].title if position else share.title
    label = "Originals" if name == ORIGINAL else contents.label(name)
    return {
        "share_id": share.id,
        "position": position,
        "format": name,
        "file_name": safe_name(f"{title} - {label}.zip"),
        "plan_key": plan_key,
        "size_bytes": plan.size_bytes,
        "entry_count": plan.entry_count - 1,
        "etag": installation.seals.digest(plan.etag.encode(), purpose="etag").hex()[:32],
    }


def _choose(
    contents: Contents, assets: Sequence[SharedAsset], name: str
) -> tuple[list[_Member], list[AbsentAsset]]:
    members: list[_Member] = []
    absent: list[AbsentAsset] = []
    for asset in assets:
        chosen = list(_members_of(contents, asset, name))
        members += chosen
        if not chosen:
            absent.append(AbsentAsset(asset.asset_id, f"there is no {name} format of it"))
    return members, absent


def _members_of(contents: Contents, asset: SharedAsset, name: str) -> Iterator[_Member]:
    """Choose the best that there is: the format where it exists, else the original if offered."""
    folder = _folder_of(contents.share, asset)
    chosen = ORIGINAL if name == ORIGINAL else choose_format(contents, asset, name)
    rendition = None if chosen == ORIGINAL else find_taken(contents, asset, chosen)
    if rendition is not None:
        file_name = f"{PurePosixPath(asset.file_name).stem}.{ENDINGS[rendition.media_type]}"
        yield _Member(
            safe_path([*folder, file_name]),
            asset.asset_id,
            chosen,
            rendition.size_bytes,
            rendition.crc32,
            rendition.sha256,
            asset.modified_at,
            refer_to_rendition(rendition),
        )
    elif ORIGINAL in contents.share.formats:
        inside = [*folder, asset.title] if has_parts(asset) else folder
        for number in range(1, len(asset.parts) + 1):
            yield from _original_of(contents, asset, number, inside)


def _original_of(
    contents: Contents, asset: SharedAsset, number: int, inside: list[str]
) -> Iterator[_Member]:
    part = asset.parts[number - 1]
    size, crc32, sha256 = part["size_bytes"], part["crc32"], bytes.fromhex(part["sha256"])
    source = refer_to_original(part)
    if contents.share.strips_originals:
        stripped = find_taken(contents, asset, ORIGINAL, part=number)
        if stripped is None:
            return
        size, crc32, sha256 = stripped.size_bytes, stripped.crc32, stripped.sha256
        source = refer_to_rendition(stripped, original=part)
    yield _Member(
        safe_path([*inside, part["file_name"]]),
        asset.asset_id,
        ORIGINAL,
        size,
        crc32,
        sha256,
        datetime.fromisoformat(part["modified_at"]),
        source,
    )


def _folder_of(share: Share, asset: SharedAsset) -> list[str]:
    """Say in which folder of the zip an asset lies: as below the shared folder; picked ones: none."""
    if not share.folder:
        return []
    shared = [part for part in share.folder.split("/") if part]
    return asset.folder.split("/")[len(shared) :] if asset.folder else []


def _entry(member: _Member, path: str) -> PlanEntry:
    return PlanEntry(
        path, member.size_bytes, member.crc32, member.sha256, member.modified_at, member.source
    )


def _describe(member: _Member, path: str) -> ManifestFile:
    return ManifestFile(
        path, member.asset_id, member.format, member.size_bytes, member.sha256.hex()
    )


def _store_manifest(
    installation: Installation, share: Share, manifest: bytes, store_key: str
) -> PlanEntry:
    installation.store.put(store_key, manifest)
    source = refer_to_stored(store_key, len(manifest))
    return PlanEntry.of_bytes(_MANIFEST_NAME, manifest, _frozen_at(share), source)


def _frozen_at(share: Share) -> datetime:
    return share.frozen_at or share.created_at


def _record(session: Session, bundle: Mapping[str, Any]) -> None:
    share_id: UUID = bundle["share_id"]
    record(
        session,
        EventKind.BUNDLE_PLANNED,
        key=event_key(share_id, "bundle", bundle["position"], bundle["format"]),
        share_id=share_id,
        position=bundle["position"] or None,
        payload={
            "format": bundle["format"],
            "files": bundle["entry_count"],
            "bytes": bundle["size_bytes"],
        },
    )
