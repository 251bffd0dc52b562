"""Which zips a share offers: each is planned once, and planned anew when a source has changed."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models.bundle import Bundle, Selection
from models.kinds import EventKind, ShareState
from models.share import Share
from models.shared_asset import SharedAsset
from services.absence import find_absent
from services.bundle_members import Member, choose_members, keep_sound
from services.bundles.manifest import (
    MANIFEST,
    SIGNATURE,
    SUMS,
    AbsentAsset,
    write_manifest,
    write_sums,
)
from services.bundles.plan import PlanEntry, write_plan
from services.contents import Contents, has_parts, list_bundle_formats, read_contents
from services.delivery import refer_to_stored
from services.formats.catalogue import ORIGINAL
from services.history import event_key, record
from services.installation import Installation
from services.leases import Claim, hold
from services.moments import reach
from services.naming import safe_name
from services.signing import sign


@dataclass(frozen=True)
class Doubt:
    """That a plan may no longer be true: each source is looked at, the `suspects` are read."""

    suspects: frozenset[str] = frozenset()


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
    bundles = _plan_all(installation, contents)
    reach("publish:plans_stored")
    with installation.transaction() as session:
        hold(session, claim)
        for bundle in bundles:
            _offer(session, bundle)
        reach("publish:bundles_written")
    reach("publish:bundles_offered")
    return len(bundles)


def plan_missing(installation: Installation, share: Share) -> int:
    """Write the plans of a share that had none because nothing could be downloaded."""
    with installation.transaction() as session:
        contents = read_contents(session, share)
    bundles = _plan_all(installation, contents)
    with installation.transaction() as session:
        for bundle in bundles:
            _offer(session, bundle)
    return len(bundles)


def _plan_all(installation: Installation, contents: Contents) -> list[dict[str, Any]]:
    wanted = [(0, name) for name in list_bundle_formats(contents)]
    if ORIGINAL in contents.share.formats:
        wanted += [(a.position, ORIGINAL) for a in contents.assets if has_parts(a)]
    return [_plan_bundle(installation, contents, position, name) for position, name in wanted]


def plan_custom_bundle(installation: Installation, share: Share, name: str) -> None:
    """Write the plan of the zip of a format that was made to order, as it is now."""
    with installation.transaction() as session:
        contents = read_contents(session, share)
    bundle = _plan_bundle(installation, contents, 0, name)
    with installation.transaction() as session:
        _offer(session, bundle)


def plan_zip(
    installation: Installation,
    contents: Contents,
    assets: Sequence[SharedAsset],
    name: str,
    *,
    title: str,
    beside: Iterable[AbsentAsset] = (),
    doubt: Doubt | None = None,
) -> dict[str, Any]:
    """Write the plan of a zip of these assets in one format; gives the values of its row.

    `beside` are absent whatever is chosen, as is what was withdrawn or may not be shared any more.
    With a `doubt` what has changed is left out too, and said to be absent.
    """
    share = contents.share
    with installation.transaction() as session:
        out = find_absent(installation, session, share)
    members, absent = choose_members(contents, [a for a in assets if a.position not in out], name)
    absent += [AbsentAsset(a.asset_id, out[a.position]) for a in assets if a.position in out]
    if doubt is not None:
        members, changed = keep_sound(installation, members, doubt.suspects)
        absent += changed
    entries = [member.enter() for member in members]
    entries += _write_own_files(installation, share, members, [*absent, *beside])
    reach("publish:manifest_stored")
    plan = write_plan(entries)
    # Under its content: whoever still reads an older plan reads on in it.
    plan_key = f"plans/{share.id}/{hashlib.sha256(plan.content).hexdigest()[:32]}.plan"
    installation.store.put(plan_key, plan.content)
    reach("publish:plan_stored")
    label = "Originals" if name == ORIGINAL else contents.label(name)
    return {
        "share_id": share.id,
        "format": name,
        "file_name": safe_name(f"{title} - {label}.zip"),
        "plan_key": plan_key,
        "size_bytes": plan.size_bytes,
        "entry_count": len(members),
        "etag": installation.seals.digest(plan.etag.encode(), purpose="etag").hex()[:32],
        "stale_at": None,
        "suspects": [],
        "absent": [a.position for a in assets if a.position in out],
    }


def replan(installation: Installation, share_id: UUID) -> int:
    """Plan anew every zip of a share whose plan is no longer true, and return how many were."""
    with installation.transaction() as session:
        share = session.get_one(Share, share_id)
        stale = [
            *session.scalars(_stale(Bundle).where(Bundle.share_id == share_id)),
            *session.scalars(_stale(Selection).where(Selection.share_id == share_id)),
        ]
        contents = read_contents(session, share)
    for row in stale:
        doubt = Doubt(frozenset(row.suspects))
        if isinstance(row, Bundle):
            values = _plan_bundle(installation, contents, row.position, row.format, doubt)
        else:
            picked = frozenset(row.positions)
            assets = [one for one in contents.assets if one.position in picked]
            values = plan_zip(
                installation, contents, assets, row.format, title=share.title, doubt=doubt
            )
        _replace(installation, row, values)
    return len(stale)


def list_stale(installation: Installation) -> list[UUID]:
    """List the shares that have a zip whose plan is no longer true."""
    with installation.transaction() as session:
        found = [
            one
            for model in (Bundle, Selection)
            for one in session.scalars(select(model.share_id).where(model.stale_at.is_not(None)))
        ]
    return sorted(set(found))


def _stale(model: type[Any]) -> Any:
    return select(model).where(model.stale_at.is_not(None))


def _replace(installation: Installation, row: Bundle | Selection, values: dict[str, Any]) -> None:
    """Put a new plan in the place of the one that was found stale, unless another did so."""
    model = type(row)
    of_row = [model.share_id == row.share_id, model.format == row.format]
    of_row.append(
        Bundle.position == row.position
        if isinstance(row, Bundle)
        else Selection.digest == row.digest
    )
    statement = update(model).where(*of_row, model.stale_at == row.stale_at).values(values)
    with installation.transaction() as session:
        if session.execute(statement.returning(model.etag)).first() is not None:
            _record(session, values, position=getattr(row, "position", None))


def _plan_bundle(
    installation: Installation,
    contents: Contents,
    position: int,
    name: str,
    doubt: Doubt | None = None,
) -> dict[str, Any]:
    assets = [one for one in contents.assets if position in {0, one.position}]
    planned = plan_zip(
        installation,
        contents,
        assets,
        name,
        title=assets[0].title if position else contents.share.title,
        beside=() if position else contents.left_out,
        doubt=doubt,
    )
    return {**planned, "position": position}


def _offer(session: Session, bundle: dict[str, Any]) -> None:
    session.execute(
        insert(Bundle)
        .values(bundle)
        .on_conflict_do_update(
            index_elements=[Bundle.share_id, Bundle.position, Bundle.format], set_=bundle
        )
    )
    _record(session, bundle, position=bundle["position"])


def _write_own_files(
    installation: Installation,
    share: Share,
    members: Sequence[Member],
    absent: Sequence[AbsentAsset],
) -> list[PlanEntry]:
    """Write what the zip says of itself: its manifest, the manifest's signature, and sums."""
    manifest = write_manifest(
        share_id=share.id,
        frozen_at=_frozen_at(share),
        files=[member.describe() for member in members],
        absent=absent,
    )
    signature = sign(installation, manifest, name=MANIFEST)
    digests = {member.path: member.sha256.hex() for member in members}
    digests[MANIFEST] = hashlib.sha256(manifest).hexdigest()
    digests[SIGNATURE] = hashlib.sha256(signature).hexdigest()
    written = {MANIFEST: manifest, SIGNATURE: signature, SUMS: write_sums(digests)}
    return [_store(installation, share, name, content) for name, content in written.items()]


def _store(installation: Installation, share: Share, name: str, content: bytes) -> PlanEntry:
    key = f"plans/{share.id}/{hashlib.sha256(content).hexdigest()[:32]}"
    installation.store.put(key, content)
    source = refer_to_stored(key, len(content))
    return PlanEntry.of_bytes(name, content, _frozen_at(share), source)


def _frozen_at(share: Share) -> datetime:
    return share.frozen_at or share.created_at


def _record(session: Session, planned: Mapping[str, Any], *, position: int | None) -> None:
    share_id, name, etag = planned["share_id"], planned["format"], planned["etag"]
    record(
        session,
        EventKind.BUNDLE_PLANNED if position is not None else EventKind.SELECTION_PLANNED,
        key=event_key(share_id, "bundle", position, name, etag),
        share_id=share_id,
        position=position or None,
        payload={"format": name, "files": planned["entry_count"], "bytes": planned["size_bytes"]},
    )
