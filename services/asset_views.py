"""How one shared asset is shown: its picture or plate, its lines, its downloads and its facts."""

from collections.abc import Mapping
from pathlib import PurePosixPath

from models.bundle import Bundle
from models.kinds import AssetKind, RenditionState
from models.shared_asset import SharedAsset
from page_builder.ratios import PORTRAIT, SQUARE, ratio_class
from page_builder.views import DownloadView, FactView, PictureView
from page_builder.wording import say_count, say_date, say_pixels, say_size
from services.bundling import Contents, find_rendition, has_parts
from services.formats import FORMATS, ORIGINAL, THUMBNAIL

_LONGEST_PLATE = 5
_NOUNS = {
    AssetKind.IMAGE: "Picture",
    AssetKind.VIDEO: "Film",
    AssetKind.AUDIO: "Sound",
    AssetKind.DOCUMENT: "Document",
}
#: What became of a picture that has no rendition, as a recipient should read it.
_FAILURES = {
    "damaged": "No preview: the file is damaged.",
    "too_large": "No preview: the picture is too large.",
    "unsupported": "No preview: this kind of picture cannot be shown.",
}


def show_inline(contents: Contents, asset: SharedAsset, name: str) -> PictureView | None:
    """Show an inline rendition of an asset, if it exists."""
    rendition = find_rendition(contents, asset, name)
    if rendition is None or not rendition.width or not rendition.height:
        return None
    alt = " ".join(asset.description.split())[:200]
    src = f"i/{asset.position}/{name}"
    return PictureView(src, rendition.width, rendition.height, alt)


def shape_of(asset: SharedAsset, picture: PictureView | None) -> str:
    """Choose the shape of an asset's card."""
    if picture is not None:
        return ratio_class(picture.width, picture.height)
    return PORTRAIT if asset.kind is AssetKind.DOCUMENT else SQUARE


def say_plate(asset: SharedAsset) -> str:
    """Say the few letters that stand for an asset without a picture: `PDF`, `DWG`, `File`."""
    if asset.kind is AssetKind.SPIN:
        return "360°"
    if asset.kind is AssetKind.PLAYLIST:
        return str(len(asset.parts))
    ending = PurePosixPath(asset.file_name).suffix[1:].upper()
    return ending[:_LONGEST_PLATE] or "File"


def say_tag(asset: SharedAsset) -> str:
    """Say what a picture alone would not: that it is a set or a list."""
    if asset.kind is AssetKind.SPIN:
        return "360°"
    return say_count(len(asset.parts), "item") if asset.kind is AssetKind.PLAYLIST else ""


def say_line(asset: SharedAsset) -> str:
    """Say the line under a title: `6000 × 4000`, `Film, MP4`, `360° view, 36 frames`."""
    if asset.kind is AssetKind.SPIN:
        return f"360° view, {say_count(len(asset.parts), 'frame')}"
    if asset.kind is AssetKind.PLAYLIST:
        return f"Playlist, {say_count(len(asset.parts), 'item')}"
    if asset.width and asset.height:
        return say_pixels(asset.width, asset.height)
    noun = _NOUNS.get(asset.kind)
    plate = say_plate(asset)
    return f"{noun}, {plate}" if noun and plate != "File" else noun or plate


def say_note(contents: Contents, asset: SharedAsset) -> str:
    """Say why a picture has no preview; nothing where none was to be expected."""
    if asset.kind is not AssetKind.IMAGE or find_rendition(contents, asset, THUMBNAIL.name):
        return ""
    rendition = contents.renditions.get((asset.position, THUMBNAIL.name))
    failed = rendition is not None and rendition.state is RenditionState.FAILED
    code = rendition.failure if rendition is not None and failed else ""
    text = _FAILURES.get(code, "There is no preview of this file.")
    offers_original = contents.share.is_downloadable and ORIGINAL in contents.share.formats
    return f"{text} The original can be downloaded." if offers_original else text


def list_downloads(
    contents: Contents, bundles: Mapping[tuple[int, str], Bundle], asset: SharedAsset
) -> tuple[DownloadView, ...]:
    """List the ways to take an asset, in the order in which the owner offers them."""
    if not contents.share.is_downloadable:
        return ()
    offers = (_offer(contents, bundles, asset, name) for name in contents.share.formats)
    return tuple(offer for offer in offers if offer is not None)


def list_facts(contents: Contents, asset: SharedAsset) -> tuple[FactView, ...]:
    """List what is known of an asset that a recipient may know."""
    facts = [FactView("File", asset.file_name)] if not has_parts(asset) else []
    if asset.width and asset.height:
        facts.append(FactView("Size", f"{say_pixels(asset.width, asset.height)} px", is_ltr=True))
    facts.append(FactView("Original", say_size(asset.size_bytes), is_ltr=True))
    facts.append(FactView("Last changed", say_date(asset.modified_at, contents.share.zone)))
    facts += [FactView(one["name"], ", ".join(one["values"])) for one in asset.details]
    return tuple(facts)


def list_parts(asset: SharedAsset) -> tuple[str, ...]:
    """Name the parts of a set or a list."""
    if not has_parts(asset):
        return ()
    return tuple(part.get("title") or part["file_name"] for part in asset.parts)


def _offer(
    contents: Contents,
    bundles: Mapping[tuple[int, str], Bundle],
    asset: SharedAsset,
    name: str,
) -> DownloadView | None:
    href = f"d/{asset.position}/{name}"
    bundle = bundles.get((asset.position, name))
    if bundle is not None:
        note = f"{say_count(len(asset.parts), 'file')}, one zip"
        return DownloadView("Originals", note, say_size(bundle.size_bytes), href)
    if name == ORIGINAL:
        size = f", {say_pixels(asset.width, asset.height)}" if asset.width and asset.height else ""
        note = f"{say_plate(asset)}{size}"
        return DownloadView("Original", note, say_size(asset.size_bytes), href)
    rendition = find_rendition(contents, asset, name)
    if rendition is None or has_parts(asset):
        return None
    note = f"JPEG, {say_pixels(rendition.width or 0, rendition.height or 0)}"
    return DownloadView(FORMATS[name].label, note, say_size(rendition.size_bytes), href)
