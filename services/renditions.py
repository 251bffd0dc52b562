"""Which renditions a share needs, which of them exist, and what became of the rest.

References are written before bytes, so that nothing is collected while it is being made; what
exists under its key is never made again, whoever asks.
"""

import logging
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models.kinds import AssetKind, EventKind, RenditionState
from models.rendition import Rendition, RenditionRef, rendition_store_key
from models.share import Share
from models.shared_asset import SharedAsset
from services.errors import RenditionsMissing
from services.formats import FORMATS, LARGE, NO_METADATA, THUMBNAIL, WEB, Format, rendition_key
from services.history import event_key, record
from services.installation import Installation
from services.leases import Claim, hold
from services.rendering.orders import RenderedFile, RenderOrder, RenderOutcome, WantedOutput
from services.rendering.shared_pool import get_pool
from services.sniffing import is_still_image

log = logging.getLogger(__name__)
_INSERT_BATCH = 1000
#: These say something of the moment, not of the content: the next run tries again.
_PASSING_FAILURES = frozenset({"unreadable", "changed"})


@dataclass(frozen=True)
class Chunk:
    """Assets of one claimed share whose renditions one task makes."""

    claim: Claim
    positions: tuple[int, ...]


def find_cover(asset: SharedAsset) -> Mapping[str, object] | None:
    """Find the part of an asset that stands for it: the first still image, if there is one."""
    if asset.kind not in {AssetKind.IMAGE, AssetKind.SPIN, AssetKind.PLAYLIST}:
        return None
    return next((part for part in asset.parts if is_still_image(part["media_type"])), None)


def list_formats(share: Share, asset: SharedAsset) -> tuple[Format, ...]:
    """List the formats in which an asset of this share is rendered.

    The thumbnail and the web format are shown on the pages whatever may be downloaded.
    """
    if asset.kind is not AssetKind.IMAGE:
        return (THUMBNAIL,)
    may_take_large = share.is_downloadable and LARGE.name in share.formats
    return (THUMBNAIL, WEB, LARGE) if may_take_large else (THUMBNAIL, WEB)


def plan_chunks(installation: Installation, claim: Claim) -> list[Chunk]:
    """Write down which renditions the share needs, and divide the missing ones into chunks."""
    with installation.transaction() as session:
        share = hold(session, claim)
        assets = session.scalars(
            select(SharedAsset)
            .where(SharedAsset.share_id == share.id)
            .order_by(SharedAsset.position)
        )
        needs = [need for asset in assets for need in _needs(share, asset)]
        _refer(session, share.id, needs)
        settled = _settled(session, [key for _, _, key in needs])
    positions: dict[int, None] = {}
    seen: set[str] = set()
    for position, _, key in needs:
        # Two assets with the same content need the same renditions: the first one brings them.
        if key not in settled and key not in seen:
            seen.add(key)
            positions[position] = None
    todo, size = list(positions), installation.settings.render_chunk
    return [Chunk(claim, tuple(todo[i : i + size])) for i in range(0, len(todo), size)]


def render_chunk(installation: Installation, chunk: Chunk) -> int:
    """Make the missing renditions of a chunk, and return how many were made.

    An original that cannot be rendered is a result too: it is written down and told, and the others
    go on.
    """
    with installation.transaction() as session:
        share = hold(session, chunk.claim)
        assets = session.scalars(
            select(SharedAsset).where(
                SharedAsset.share_id == share.id, SharedAsset.position.in_(chunk.positions)
            )
        ).all()
        wanted = {asset.position: dict(_missing(session, share, asset)) for asset in assets}
    made = 0
    with tempfile.TemporaryDirectory(prefix="vitrine-render-") as folder:
        orders = list(_orders(installation, assets, wanted, Path(folder)))
        for outcome in get_pool(installation.settings).render(orders):
            made += _settle(installation, chunk.claim, outcome, wanted[int(outcome.order.name)])
    return made


def finish_rendering(installation: Installation, claim: Claim) -> dict[str, int]:
    """Note the size of each picture and what came of the renditions: counts of made and failed.

    Raises:
        RenditionsMissing: some failed, and the request asks to stay closed then.
    """
    with installation.transaction() as session:
        share = hold(session, claim)
        counts = _count(session, share.id)
        _note_sizes(session, share.id)
        record(
            session,
            EventKind.SHARE_RENDERED,
            key=event_key(share.id, "rendered"),
            share_id=share.id,
            payload=counts,
        )
        stays_closed = share.stays_closed_on_failure and counts["failed"]
    if stays_closed:
        raise RenditionsMissing(
            f"{counts['failed']} renditions failed, and the request asks to stay closed then:"
            " the history names them. Repair the originals and send a new request"
        )
    return counts


def _needs(share: Share, asset: SharedAsset) -> Iterator[tuple[int, str, str]]:
    cover = find_cover(asset)
    if cover is None:
        return
    for one in list_formats(share, asset):
        digest = bytes.fromhex(str(cover["sha256"]))
        yield asset.position, one.name, rendition_key(digest, one.recipe, NO_METADATA, "image")


def _refer(session: Session, share_id: UUID, needs: Sequence[tuple[int, str, str]]) -> None:
    rows = [
        {"share_id": share_id, "position": position, "format": name, "key": key}
        for position, name, key in needs
    ]
    for start in range(0, len(rows), _INSERT_BATCH):
        statement = insert(RenditionRef).on_conflict_do_nothing()
        session.execute(statement, rows[start : start + _INSERT_BATCH])


def _settled(session: Session, keys: Sequence[str]) -> set[str]:
    settled: set[str] = set()
    for start in range(0, len(keys), _INSERT_BATCH):
        batch = keys[start : start + _INSERT_BATCH]
        settled.update(session.scalars(select(Rendition.key).where(Rendition.key.in_(batch))))
    return settled


def _missing(session: Session, share: Share, asset: SharedAsset) -> Iterator[tuple[str, str]]:
    needs = list(_needs(share, asset))
    settled = _settled(session, [key for _, _, key in needs])
    return ((name, key) for _, name, key in needs if key not in settled)


def _orders(
    installation: Installation,
    assets: Sequence[SharedAsset],
    wanted: Mapping[int, Mapping[str, str]],
    folder: Path,
) -> Iterator[RenderOrder]:
    dam = installation.dam()
    for asset in assets:
        cover = find_cover(asset)
        names = wanted[asset.position]
        if cover is None or not names:
            continue
        yield RenderOrder(
            name=str(asset.position),
            path=str(dam.locate(str(cover["source_key"]))),
            size_bytes=int(str(cover["size_bytes"])),
            mtime_ns=int(cover["stat"]["mtime_ns"]),  # type: ignore[index]
            outputs=tuple(
                WantedOutput(name, FORMATS[name].recipe, str(folder / key))
                for name, key in names.items()
            ),
        )


def _settle(
    installation: Installation, claim: Claim, outcome: RenderOutcome, keys: Mapping[str, str]
) -> int:
    if outcome.failure:
        _note_failure(installation, claim, outcome, keys)
        return 0
    for file in outcome.files:
        key = keys[file.name]
        installation.store.put_file(rendition_store_key(key, 0), Path(file.path))
        Path(file.path).unlink()
    with installation.transaction() as session:
        hold(session, claim)
        rows = [_row(outcome, file, keys[file.name]) for file in outcome.files]
        session.execute(insert(Rendition).on_conflict_do_nothing(), rows)
    return len(rows)


def _row(outcome: RenderOutcome, file: RenderedFile, key: str) -> dict[str, object]:
    return {
        "key": key,
        "generation": 0,
        "state": RenditionState.PRESENT,
        "format": file.name,
        "media_type": file.media_type,
        "size_bytes": file.size_bytes,
        "sha256": file.sha256,
        "crc32": file.crc32,
        "width": file.width,
        "height": file.height,
        "source_width": outcome.width,
        "source_height": outcome.height,
    }


def _note_failure(
    installation: Installation, claim: Claim, outcome: RenderOutcome, keys: Mapping[str, str]
) -> None:
    position = int(outcome.order.name)
    with installation.transaction() as session:
        share = hold(session, claim)
        asset = session.get_one(SharedAsset, (share.id, position))
        log.warning("share %s: no renditions of asset %d: %s", share.id, position, outcome.failure)
        if outcome.failure not in _PASSING_FAILURES:
            rows = [
                {
                    "key": key,
                    "state": RenditionState.FAILED,
                    "format": name,
                    "failure": outcome.failure,
                    "failure_text": outcome.message,
                    "generation": 0,
                    "media_type": "",
                    "size_bytes": 0,
                    "sha256": b"",
                    "crc32": 0,
                }
                for name, key in keys.items()
            ]
            session.execute(insert(Rendition).on_conflict_do_nothing(), rows)
        record(
            session,
            EventKind.RENDITION_FAILED,
            key=event_key(share.id, "rendition failed", position),
            share_id=share.id,
            position=position,
            payload={"failure": outcome.failure, "formats": sorted(keys)},
            person={"asset_id": asset.asset_id, "message": outcome.message},
        )


def _count(session: Session, share_id: UUID) -> dict[str, int]:
    present = Rendition.state == RenditionState.PRESENT
    statement = (
        select(
            func.count().label("needed"),
            func.count().filter(present).label("present"),
        )
        .select_from(RenditionRef)
        .outerjoin(Rendition, Rendition.key == RenditionRef.key)
        .where(RenditionRef.share_id == share_id)
    )
    needed, made = session.execute(statement).one()
    return {"renditions": made, "failed": needed - made}


def _note_sizes(session: Session, share_id: UUID) -> None:
    session.execute(
        update(SharedAsset)
        .where(
            SharedAsset.share_id == share_id,
            SharedAsset.share_id == RenditionRef.share_id,
            SharedAsset.position == RenditionRef.position,
            RenditionRef.format == THUMBNAIL.name,
            Rendition.key == RenditionRef.key,
            Rendition.state == RenditionState.PRESENT,
            SharedAsset.kind == AssetKind.IMAGE,
        )
        .values(width=Rendition.source_width, height=Rendition.source_height)
        .execution_options(synchronize_session=False)
    )
