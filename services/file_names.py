"""What each file of a share is called when it leaves: as its original, or as the DAM calls it."""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from models.kinds import WITH_PARTS
from models.share import Share
from models.shared_asset import SharedAsset
from services.formats.endings import ENDINGS, correct_ending
from services.naming import safe_name


def name_original(share: Share, asset: SharedAsset, part: Mapping[str, Any]) -> str:
    """Name one part of an original, with an ending that is true of its content."""
    given = PurePosixPath(part["file_name"])
    ending = correct_ending(given.suffix[1:], part["media_type"])
    return _join(_find_stem(share, asset, given.stem), ending)


def name_rendition(
    share: Share, asset: SharedAsset, part: Mapping[str, Any], media_type: str
) -> str:
    """Name a rendition of one part of an asset."""
    stem = PurePosixPath(part["file_name"]).stem
    return _join(_find_stem(share, asset, stem), ENDINGS[media_type])


def _find_stem(share: Share, asset: SharedAsset, stem: str) -> str:
    is_titled = share.file_names == "title" and asset.title and asset.kind not in WITH_PARTS
    return asset.title if is_titled else stem


def _join(stem: str, ending: str) -> str:
    return safe_name(f"{stem}.{ending}" if ending else stem)
