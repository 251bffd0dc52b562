"""The things that leave the house: pages, inline pictures, single downloads and bundles.

Each is found by what the gate admitted, never by a path that a recipient wrote.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.bundle import Bundle, Selection
from models.format_request import FormatRequest
from models.kinds import RenditionState, RequestState
from models.rendition import Rendition, RenditionRef
from models.shared_asset import SharedAsset
from services.access import Admission
from services.bundles.reader import BundleReader, Plan
from services.bytesource import ByteSource
from services.contents import TAKEN
from services.delivery import open_source, refer_to_original, refer_to_rendition
from services.errors import (
    BundlePreparing,
    FormatNotOffered,
    OriginalChanged,
    PageLost,
    ShareNotFound,
)
from services.file_names import name_original, name_rendition
from services.formats.catalogue import INLINE, ORIGINAL
from services.installation import Installation
from services.pages import FIRST_PAGE, page_key
from services.staleness import mark_stale


@dataclass(frozen=True)
class Thing:
    """Something with a known size and a strong validator; `open` gives its bytes.

    `store_key` says where they lie in the store, if they are one object there. `on_change` is to be
    told when its bytes turn out to be others.
    """

    name: str
    what: str
    media_type: str
    size_bytes: int
    etag: str
    modified_at: datetime
    open: Callable[[], ByteSource]
    store_key: str = ""
    on_change: Callable[[OriginalChanged], None] | None = None


def read_page(installation: Installation, admission: Admission, name: str) -> bytes:
    """Read one page of the share's current build.

    Raises:
        ShareNotFound: the wall has no page of that number.
        PageLost: the store has lost it.
    """
    try:
        return installation.store.get(
            page_key(admission.share.id, str(admission.share.current_build), name)
        )
    except FileNotFoundError as error:
        # Of what is asked for here only the number of a page of the wall was not yet looked up.
        is_looked_up = name == FIRST_PAGE or name.startswith("asset-")
        raise PageLost if is_looked_up else ShareNotFound from error


def find_inline(
    installation: Installation, session: Session, admission: Admission, name: str
) -> Thing:
    """Find an inline rendition of the admitted asset; `name` is its part and format: `1/view`."""
    part, _, shown = name.partition("/")
    asset = _find_asset(session, admission)
    if shown not in INLINE or not 1 <= int(part) <= len(asset.parts):
        raise FormatNotOffered
    return _find_rendition(installation, session, admission, shown, part=int(part))


def find_download(
    installation: Installation, session: Session, admission: Admission, name: str
) -> Thing:
    """Find one format of the admitted asset as a download; an asset with parts gives a zip."""
    if name in INLINE and name not in admission.share.formats:
        raise FormatNotOffered
    asset = _find_asset(session, admission)
    bundle = session.get(Bundle, (admission.share.id, asset.position, name))
    if bundle is not None:
        what = f"bundle/{bundle.position}/{name}"
        return _planned_thing(installation, admission, bundle, what)
    if name not in admission.share.formats and not _is_made(session, admission, name):
        raise FormatNotOffered
    if name == ORIGINAL and not admission.share.strips_originals:
        return _find_original(installation, admission, asset)
    return _find_rendition(installation, session, admission, name, is_taken=True)


def _is_made(session: Session, admission: Admission, name: str) -> bool:
    """Whether a format to order is ready for this asset: rendered, and wrapped with its notice."""
    wish = select(FormatRequest.id).where(
        FormatRequest.share_id == admission.share.id,
        FormatRequest.format == name,
        FormatRequest.position.in_([0, admission.position]),
        FormatRequest.state == RequestState.DONE,
    )
    return session.scalar(wish.limit(1)) is not None


def find_bundle(
    installation: Installation, session: Session, admission: Admission, name: str
) -> Thing:
    """Find the zip of the whole share in one format."""
    bundle = session.get(Bundle, (admission.share.id, 0, name))
    if bundle is None:
        raise FormatNotOffered
    _check_plan(installation, bundle, admission.withdrawn)
    return _planned_thing(installation, admission, bundle, f"bundle/0/{name}")


def _find_original(installation: Installation, admission: Admission, asset: SharedAsset) -> Thing:
    part = asset.parts[0]
    return Thing(
        name=name_original(admission.share, asset, part),
        what=f"{asset.position}/{ORIGINAL}",
        media_type=asset.media_type,
        size_bytes=part["size_bytes"],
        etag=_etag(installation, asset.sha256),
        modified_at=asset.modified_at,
        open=partial(open_source, installation, refer_to_original(part)),
    )


def _find_rendition(
    installation: Installation,
    session: Session,
    admission: Admission,
    name: str,
    *,
    part: int = 1,
    is_taken: bool = False,
) -> Thing:
    asset = _find_asset(session, admission)
    names = [name + TAKEN, name] if is_taken else [name]
    rows = session.execute(
        select(RenditionRef.format, Rendition)
        .join(Rendition, Rendition.key == RenditionRef.key)
        .where(
            RenditionRef.share_id == admission.share.id,
            RenditionRef.position == asset.position,
            RenditionRef.part == part,
            RenditionRef.format.in_(names),
            Rendition.state == RenditionState.PRESENT,
        )
    )
    found = {row.format: row.Rendition for row in rows}
    rendition = next((found[one] for one in names if one in found), None)
    if rendition is None:
        raise FormatNotOffered
    original = asset.parts[part - 1] if name == ORIGINAL else None
    reference = refer_to_rendition(rendition, original=original)
    file = asset.parts[part - 1]
    file_name = (
        name_rendition(admission.share, asset, file, rendition.media_type)
        if original is None
        else name_original(admission.share, asset, file)
    )
    return Thing(
        name=file_name,
        what=f"{asset.position}/{name}",
        media_type=rendition.media_type,
        size_bytes=rendition.size_bytes,
        etag=_etag(installation, rendition.sha256),
        modified_at=rendition.made_at,
        open=partial(open_source, installation, reference),
        store_key=rendition.store_key if rendition.splices is None else "",
    )


def find_selection(
    installation: Installation, session: Session, admission: Admission, name: str
) -> Thing:
    """Find the zip of what somebody picked; `name` is its digest and format: `3f…/web`."""
    digest, _, shown = name.partition("/")
    selection = session.get(Selection, (admission.share.id, digest, shown))
    if selection is None:
        raise FormatNotOffered
    if admission.withdrawn.issuperset(selection.positions):
        raise FormatNotOffered
    _check_plan(installation, selection, admission.withdrawn.intersection(selection.positions))
    return _planned_thing(installation, admission, selection, f"selection/{name}")


def _check_plan(
    installation: Installation, planned: Bundle | Selection, out: frozenset[int]
) -> None:
    """Make sure that a zip leaves out exactly what is out of the share; else it is planned anew."""
    if planned.stale_at is None and out != frozenset(planned.absent):
        mark_stale(installation, planned)
        raise BundlePreparing


def _planned_thing(
    installation: Installation, admission: Admission, planned: Bundle | Selection, what: str
) -> Thing:
    if planned.stale_at is not None:
        raise BundlePreparing
    return Thing(
        name=planned.file_name,
        what=what,
        media_type="application/zip",
        size_bytes=planned.size_bytes,
        etag=planned.etag,
        modified_at=admission.share.frozen_at or admission.share.created_at,
        open=partial(_open_bundle, installation, planned.plan_key),
        on_change=partial(mark_stale, installation, planned),
    )


def _open_bundle(installation: Installation, plan_key: str) -> ByteSource:
    opener: Callable[[dict[str, Any]], ByteSource] = partial(_open_member, installation)
    return BundleReader(_read_plan(installation, plan_key), opener)


def _open_member(installation: Installation, reference: Mapping[str, Any]) -> ByteSource:
    return open_source(installation, reference)


@lru_cache(maxsize=16)
def _read_plan(installation: Installation, plan_key: str) -> Plan:
    """Open a plan once for the ranges and the recipients that follow; its key names its content."""
    return Plan(installation.store.map(plan_key))


def _etag(installation: Installation, sha256: bytes) -> str:
    # Keyed, so that nobody can find out by it whether we have a file that they know.
    return installation.seals.digest(sha256, purpose="etag").hex()[:32]


def _find_asset(session: Session, admission: Admission) -> SharedAsset:
    asset = session.get(SharedAsset, (admission.share.id, admission.position))
    if asset is None:
        raise ShareNotFound
    return asset
