"""Compare what the store should hold with what it holds, both ways; digests are read if wanted."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import and_, func, or_, select

from models.format_request import FormatRequest
from models.kinds import RenditionState, RequestState
from models.rendition import Rendition, RenditionRef
from models.share import WAS_OPEN, Share
from models.shared_asset import SharedAsset
from services.contents import TAKEN
from services.installation import Installation
from services.orphans import find_orphans, list_own_files, list_plans
from services.pages import FIRST_PAGE, page_key

_BLOCK_BYTES = 1 << 20
_BATCH = 200


@dataclass
class StoreReport:
    """What was found: keys of renditions, ids of shares whose pages or plans have gaps, counts."""

    checked: int = 0
    missing: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    pages: list[UUID] = field(default_factory=list)
    plans: list[UUID] = field(default_factory=list)
    unnamed: int = 0

    def count(self) -> dict[str, int]:
        """Say how much of each was found."""
        return {
            "checked": self.checked,
            "missing": len(self.missing),
            "wrong": len(self.wrong),
            "pages": len(self.pages),
            "plans": len(self.plans),
            "unnamed": self.unnamed,
        }

    def is_sound(self) -> bool:
        """Whether nothing that a share needs is missing or wrong."""
        return not (self.missing or self.wrong or self.pages or self.plans)


def look(installation: Installation, *, reads_digests: bool = False) -> StoreReport:
    """Look through rows and store; with `reads_digests` every byte of every rendition is read."""
    report = StoreReport()
    for prefix in _list_prefixes(installation):
        _look_at_renditions(installation, report, prefix, reads_digests=reads_digests)
    report.missing += _find_unmade(installation)
    for some in _batch_shares(installation):
        for share in some:
            _look_at_share(installation, report, share)
    return report


def _list_prefixes(installation: Installation) -> list[str]:
    """List the first letters of keys that there are: renditions are looked at a 256th at a time."""
    with installation.transaction() as session:
        rows = session.scalars(select(func.left(Rendition.key, 2)).distinct()).all()
    return sorted({*rows, *installation.store.list_folders("renditions/")})


def _look_at_renditions(
    installation: Installation, report: StoreReport, prefix: str, *, reads_digests: bool
) -> None:
    # First the rows, then the files: what is made meanwhile has no row here, and is not missed.
    with installation.transaction() as session:
        rows = session.scalars(
            select(Rendition).where(
                Rendition.key.startswith(prefix),
                Rendition.state == RenditionState.PRESENT,
                Rendition.splices.is_(None),
            )
        ).all()
    files = list(installation.store.list_objects(f"renditions/{prefix}/"))
    sizes = {one.key: one.size_bytes for one in files}
    for row in rows:
        report.checked += 1
        if row.store_key not in sizes:
            if _still_stands(installation, row):
                report.missing.append(row.key)
        elif sizes[row.store_key] != row.size_bytes or (
            reads_digests and _digest(installation, row) != row.sha256
        ):
            report.wrong.append(row.key)
    report.unnamed += len(find_orphans(installation, files))


def _find_unmade(installation: Installation) -> list[str]:
    """Find what shares that are out refer to and nobody has made: it may be possible now.

    What somebody wished for is promised once the wish is done: until then whoever carries it out
    makes it, and may wait for something that is away.
    """
    is_dead = and_(
        Rendition.state == RenditionState.MAKING, Rendition.lease_until <= func.vitrine_now()
    )
    wishes = select(FormatRequest.id).where(
        FormatRequest.share_id == RenditionRef.share_id,
        RenditionRef.format.in_((FormatRequest.format, FormatRequest.format + TAKEN)),
        FormatRequest.position.in_((0, RenditionRef.position)),
    )
    is_promised = or_(
        ~wishes.exists(), wishes.where(FormatRequest.state == RequestState.DONE).exists()
    )
    statement = (
        select(RenditionRef.key)
        .join(Share, Share.id == RenditionRef.share_id)
        .outerjoin(Rendition, Rendition.key == RenditionRef.key)
        .where(Share.state.in_(WAS_OPEN), or_(Rendition.key.is_(None), is_dead), is_promised)
        .distinct()
    )
    with installation.transaction() as session:
        return list(session.scalars(statement))


def _still_stands(installation: Installation, row: Rendition) -> bool:
    """Whether a row whose file is missing is still there: it may have been collected meanwhile."""
    with installation.transaction() as session:
        found = session.get(Rendition, row.key)
        return found is not None and found.generation == row.generation and found.is_present()


def _digest(installation: Installation, row: Rendition) -> bytes:
    digest, place = hashlib.sha256(), 0
    source = installation.store.open(row.store_key, row.size_bytes)
    try:
        while block := source.read_at(place, _BLOCK_BYTES):
            digest.update(block)
            place += len(block)
    finally:
        source.close()
    return digest.digest()


def _batch_shares(installation: Installation) -> Iterator[Sequence[Share]]:
    last: UUID | None = None
    while True:
        statement = select(Share).where(Share.state.in_(WAS_OPEN), Share.current_build.is_not(None))
        if last is not None:
            statement = statement.where(Share.id > last)
        with installation.transaction() as session:
            shares = session.scalars(statement.order_by(Share.id).limit(_BATCH)).all()
        if not shares:
            return
        yield shares
        last = shares[-1].id


def _look_at_share(installation: Installation, report: StoreReport, share: Share) -> None:
    with installation.transaction() as session:
        assets = session.scalars(
            select(SharedAsset.position).where(
                SharedAsset.share_id == share.id, SharedAsset.withdrawn_at.is_(None)
            )
        ).all()
        plans = list_plans(session, share.id)
    build = str(share.current_build)
    needed = {FIRST_PAGE, *(f"asset-{position}.html" for position in assets)}
    there = set(installation.store.list_keys(f"pages/{share.id}/{build}/"))
    lacks_pages = any(page_key(share.id, build, name) not in there for name in needed)
    kept = set(installation.store.list_keys(f"plans/{share.id}/"))
    wanted = {*plans, *(key for plan in plans for key in list_own_files(installation, plan))}
    with installation.transaction() as session:
        is_current = Share.current_build == share.current_build
        still_out = select(Share.id).where(
            Share.id == share.id, Share.state.in_(WAS_OPEN), is_current
        )
        if session.scalar(still_out) is None:
            # Switched to another build, or purged while it was looked at.
            return
    if lacks_pages:
        report.pages.append(share.id)
    if not wanted <= kept:
        report.plans.append(share.id)
