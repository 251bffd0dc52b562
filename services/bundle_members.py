"""What stands in a zip: for each asset the best file that there is, under a name of its own."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from models.share import Share
from models.shared_asset import SharedAsset
from services.bundles.manifest import OWN_FILES, AbsentAsset, ManifestFile
from services.bundles.plan import PlanEntry
from services.contents import Contents, choose_format, find_taken, has_parts
from services.delivery import open_source, refer_to_original, refer_to_rendition
from services.errors import OriginalChanged
from services.file_names import name_original, name_rendition
from services.formats.catalogue import ORIGINAL
from services.installation import Installation
from services.naming import make_unique, safe_path

_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Member:
    """One file of a zip, under its `path` there."""

    path: str
    asset_id: str
    format: str
    size_bytes: int
    crc32: int
    sha256: bytes
    modified_at: datetime
    source: dict[str, Any]

    def describe(self) -> ManifestFile:
        """Describe it for the manifest."""
        return ManifestFile(
            self.path, self.asset_id, self.format, self.size_bytes, self.sha256.hex()
        )

    def enter(self) -> PlanEntry:
        """Enter it into a plan."""
        return PlanEntry(
            self.path, self.size_bytes, self.crc32, self.sha256, self.modified_at, self.source
        )


def choose_members(
    contents: Contents, assets: Sequence[SharedAsset], name: str
) -> tuple[list[Member], list[AbsentAsset]]:
    """Choose what stands in the zip of a format, and say which assets are not in it, and why."""
    members: list[Member] = []
    absent: list[AbsentAsset] = []
    for asset in assets:
        chosen = list(_members_of(contents, asset, name))
        members += chosen
        if not chosen:
            absent.append(AbsentAsset(asset.asset_id, f"there is no {name} format of it"))
    # The zip's own files come first in rank: no file of the share may take their names.
    paths = make_unique([*OWN_FILES, *(member.path for member in members)])[len(OWN_FILES) :]
    named = [
        member if member.path == path else replace(member, path=path)
        for member, path in zip(members, paths, strict=True)
    ]
    return named, absent


def keep_sound(
    installation: Installation, members: Sequence[Member], suspects: frozenset[str]
) -> tuple[list[Member], list[AbsentAsset]]:
    """Keep those whose source is still what was shared; `suspects` are read to their end for it."""
    sound: list[Member] = []
    absent: list[AbsentAsset] = []
    for member in members:
        try:
            _check(installation, member, is_suspect=member.path in suspects)
        except OriginalChanged:
            reason = "its file was changed or removed after it was shared"
            absent.append(AbsentAsset(member.asset_id, reason))
        else:
            sound.append(member)
    return sound, absent


def _check(installation: Installation, member: Member, *, is_suspect: bool) -> None:
    source = open_source(installation, member.source)
    try:
        if source.size_bytes != member.size_bytes:
            raise OriginalChanged
        if is_suspect and _sum_up(source.read_at, member.size_bytes) != member.sha256:
            raise OriginalChanged
        source.verify()
    finally:
        source.close()


def _sum_up(read_at: Callable[[int, int], bytes], size_bytes: int) -> bytes:
    digest = hashlib.sha256()
    for place in range(0, size_bytes, _BLOCK_BYTES):
        digest.update(read_at(place, _BLOCK_BYTES))
    return digest.digest()


def _members_of(contents: Contents, asset: SharedAsset, name: str) -> Iterator[Member]:
    """Choose the best that there is: the format where it exists, else the original if offered."""
    share = contents.share
    folder = _folder_of(share, asset)
    chosen = ORIGINAL if name == ORIGINAL else choose_format(contents, asset, name)
    rendition = None if chosen == ORIGINAL else find_taken(contents, asset, chosen)
    if rendition is not None:
        file_name = name_rendition(share, asset, asset.parts[0], rendition.media_type)
        yield Member(
            safe_path([*folder, file_name]),
            asset.asset_id,
            chosen,
            rendition.size_bytes,
            rendition.crc32,
            rendition.sha256,
            asset.modified_at,
            refer_to_rendition(rendition),
        )
    elif ORIGINAL in share.formats:
        inside = [*folder, asset.title] if has_parts(asset) else folder
        for number in range(1, len(asset.parts) + 1):
            yield from _original_of(contents, asset, number, inside)


def _original_of(
    contents: Contents, asset: SharedAsset, number: int, inside: list[str]
) -> Iterator[Member]:
    part = asset.parts[number - 1]
    size, crc32, sha256 = part["size_bytes"], part["crc32"], bytes.fromhex(part["sha256"])
    source = refer_to_original(part)
    if contents.share.strips_originals:
        stripped = find_taken(contents, asset, ORIGINAL, part=number)
        if stripped is None:
            return
        size, crc32, sha256 = stripped.size_bytes, stripped.crc32, stripped.sha256
        source = refer_to_rendition(stripped, original=part)
    yield Member(
        safe_path([*inside, name_original(contents.share, asset, part)]),
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
    if not share.folder or not share.keeps_folders:
        return []
    shared = [part for part in share.folder.split("/") if part]
    return asset.folder.split("/")[len(shared) :] if asset.folder else []
