"""Wrap what leaves the house with what may be told of it, without touching a pixel or storing a copy.

A download is the stored rendition with a small packet spliced in: nothing but the copyright notice
at minimum visibility; at complete visibility also creator, title, description and the keywords that
were frozen with the share. An original can be offered with its metadata spliced out. What was
wrapped once is found again under its content's address.
"""

import hashlib
import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from isal import isal_zlib

from models.kinds import RenditionState, Visibility
from models.share import Share
from models.shared_asset import SharedAsset
from services.batches import batched
from services.bytesource import ByteSource
from services.contents import TAKEN, Contents, KnownRendition, find_rendition, read_contents
from services.delivery import open_source, refer_to_original, refer_to_rendition
from services.errors import Passing, VitrineError
from services.formats.catalogue import ORIGINAL
from services.formats.facts import Facts
from services.formats.recipes import NO_METADATA, read_recipe, rendition_key
from services.installation import Installation
from services.leases import Claim, hold
from services.metadata.embedding import embed
from services.metadata.packet import Packet
from services.metadata.removal import remove
from services.metadata.splices import (
    MetadataUnsupported,
    Splice,
    SplicedSource,
    write_splices,
)
from services.moments import reach
from services.rendition_rows import find_settled, keep_rows, refer

log = logging.getLogger(__name__)
_BLOCK_BYTES = 1 << 20
_THREADS = 2
_AT_ONCE = 1000
#: Bumped by hand when wrapping or removal should give other bytes.
_ENGINE = "wrapping/1"


@dataclass(frozen=True, slots=True)
class Wrapping:
    """One file that is to be wrapped; without `rendition` it is the original itself.

    `format` is the name under which it is taken.
    """

    asset: SharedAsset
    part: int
    format: str
    key: str
    packet: Packet
    rendition: KnownRendition | None = None

    @property
    def position(self) -> int:
        """The position of its asset."""
        return self.asset.position


def wrap_downloads(installation: Installation, claim: Claim) -> int:
    """Wrap everything that the share lets people take, and return how much of it is wrapped."""
    with installation.transaction() as session:
        share = hold(session, claim)
        if not share.is_downloadable:
            return 0
    return wrap_share(installation, share)


def wrap_share(installation: Installation, share: Share) -> int:
    """Wrap everything that people may take of a share, and return how much of it is wrapped."""
    with installation.transaction() as session:
        contents = read_contents(session, share)
    return _wrap_all(installation, share.id, _plan(contents))


def wrap_formats(installation: Installation, share: Share, names: Sequence[str]) -> int:
    """Wrap renditions that were made to order."""
    with installation.transaction() as session:
        contents = read_contents(session, share)
    wanted = (
        one
        for asset in contents.assets
        for name in names
        for one in _plan_rendition(contents, asset, name)
    )
    return _wrap_all(installation, share.id, wanted)


def _wrap_all(installation: Installation, share_id: UUID, wanted: Iterator[Wrapping]) -> int:
    """Wrap these, those that were wrapped before excepted, and refer to all of them.

    Some at a time, so that it takes no more memory for ten thousand than for one thousand.
    """
    return sum(_wrap_some(installation, share_id, some) for some in batched(wanted, _AT_ONCE))


def _wrap_some(installation: Installation, share_id: UUID, wanted: Sequence[Wrapping]) -> int:
    while True:
        wrapped = _wrap_missing(installation, share_id, wanted)
        if wrapped is not None:
            return wrapped


def _wrap_missing(
    installation: Installation, share_id: UUID, wanted: Sequence[Wrapping]
) -> int | None:
    """Wrap what is missing, and return how much is wrapped; none if some was collected meanwhile."""
    with installation.transaction() as session:
        settled = find_settled(session, {one.key for one in wanted})
    missing = {one.key: one for one in wanted if one.key not in settled}
    with ThreadPoolExecutor(_THREADS) as threads:
        made = threads.map(lambda one: _wrap(installation, one), missing.values())
        rows = [row for row in made if row is not None]
    exist = settled | {row["key"] for row in rows}
    wrapped = [one for one in wanted if one.key in exist]
    reach("publish:splices_found")
    with installation.transaction() as session:
        keep_rows(session, rows)
        refer(session, share_id, wrapped)
        kept = find_settled(session, {one.key for one in wrapped})
    reach("publish:wrapped")
    return len(wrapped) if all(one.key in kept for one in wrapped) else None


def choose_packet(share: Share, asset: SharedAsset, facts: Facts) -> Packet:
    """Choose what a download may say of itself, by the visibility of its share."""
    if share.visibility is not Visibility.COMPLETE:
        return Packet(copyright=facts.copyright)
    keywords = [tag for one in asset.details if one.get("is_tags") for tag in one["values"]]
    return Packet(
        copyright=facts.copyright,
        creator=facts.creator,
        title=asset.title,
        description=asset.description,
        keywords=tuple(dict.fromkeys(keywords)),
    )


def _plan(contents: Contents) -> Iterator[Wrapping]:
    for asset in contents.assets:
        for name in contents.share.formats:
            if name != ORIGINAL:
                yield from _plan_rendition(contents, asset, name)
            elif contents.share.strips_originals:
                yield from _plan_originals(asset)


def _plan_rendition(contents: Contents, asset: SharedAsset, name: str) -> Iterator[Wrapping]:
    rendition = find_rendition(contents, asset, name)
    packet = choose_packet(contents.share, asset, Facts.read(asset.facts))
    if rendition is None or packet.digest() == NO_METADATA:
        return
    key = rendition_key(asset.sha256, read_recipe(rendition.recipe), packet.digest())
    yield Wrapping(asset, 1, name + TAKEN, key, packet, rendition)


def _plan_originals(asset: SharedAsset) -> Iterator[Wrapping]:
    for number, part in enumerate(asset.parts, 1):
        notice = Facts.read(asset.facts).copyright if number == 1 else ""
        packet = Packet(copyright=notice)
        words = f"{_ENGINE}\n{part['sha256']}\n{packet.digest().hex()}\n{ORIGINAL}"
        key = hashlib.sha256(words.encode()).hexdigest()
        yield Wrapping(asset, number, ORIGINAL + TAKEN, key, packet)


def _wrap(installation: Installation, one: Wrapping) -> dict[str, Any] | None:
    """Make the row of a wrapped file; what cannot be wrapped is none, and not offered like that."""
    part = one.asset.parts[one.part - 1]
    rendition = one.rendition
    reference = refer_to_original(part) if rendition is None else refer_to_rendition(rendition)
    try:
        source = open_source(installation, reference)
    except Passing:
        raise
    except VitrineError:
        return None
    try:
        media_type = part["media_type"] if rendition is None else rendition.media_type
        splices = (
            remove(media_type, source, keep=one.packet)
            if rendition is None
            else embed(media_type, source, one.packet)
        )
        return {**_describe(one, media_type), **_measure(source, splices)}
    except Passing:
        raise
    except (MetadataUnsupported, VitrineError) as error:
        log.warning("asset %d of share %s: %s", one.asset.position, one.asset.share_id, error)
        return None
    finally:
        source.close()


def _describe(one: Wrapping, media_type: str) -> dict[str, Any]:
    inner = one.rendition
    return {
        "key": one.key,
        "state": RenditionState.PRESENT,
        "media_type": media_type,
        "recipe": inner.recipe if inner else {"kind": ORIGINAL},
        "wraps": inner.key if inner else "",
        "wrapped_bytes": inner.size_bytes if inner else 0,
        "width": inner.width if inner else 0,
        "height": inner.height if inner else 0,
        "duration_ms": inner.duration_ms if inner else 0,
        "placeholder": inner.placeholder if inner else "",
        "generation": inner.generation if inner else 0,
        "progress": 100,
    }


def _measure(source: ByteSource, splices: Sequence[Splice]) -> dict[str, Any]:
    """Read a spliced file once, for what plans and ETags are made of."""
    spliced = SplicedSource(source, splices)
    digest, crc32, place = hashlib.sha256(), 0, 0
    while block := spliced.read_at(place, _BLOCK_BYTES):
        digest.update(block)
        crc32 = isal_zlib.crc32(block, crc32)
        place += len(block)
    source.verify()
    return {
        "splices": write_splices(splices),
        "size_bytes": spliced.size_bytes,
        "sha256": digest.digest(),
        "crc32": crc32,
    }
