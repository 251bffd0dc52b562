"""How one shared asset is shown: its lines, its downloads and its facts."""

from collections.abc import Iterator, Mapping

from models.bundle import Bundle
from models.kinds import AssetKind
from models.shared_asset import SharedAsset
from page_builder.media_views import PictureView
from page_builder.ratios import PORTRAIT, SQUARE, ratio_class
from page_builder.views import DownloadView, FactView
from page_builder.wording import (
    say_count,
    say_date,
    say_duration,
    say_pixels,
    say_plate,
    say_size,
)
from services.contents import (
    Contents,
    KnownRendition,
    find_cover,
    find_rendition,
    find_taken,
    has_parts,
)
from services.formats.catalogue import ORIGINAL, PLAYER, THUMBNAIL

_NOUNS = {
    AssetKind.IMAGE: "Picture",
    AssetKind.VIDEO: "Film",
    AssetKind.AUDIO: "Sound",
    AssetKind.DOCUMENT: "Document",
}
#: What became of an original that has no rendition, as a recipient should read it.
_FAILURES = {
    "damaged": "No preview: the file is damaged.",
    "protected": "No preview: the file is protected by a password.",
    "too_large": "No preview: the picture is too large.",
    "unsupported": "No preview: this kind of file cannot be shown.",
}
_UNKNOWN_FAILURE = "There is no preview of this file."


def shape_of(asset: SharedAsset, picture: PictureView | None) -> str:
    """Choose the shape of an asset's card."""
    if picture is not None:
        return ratio_class(picture.width, picture.height)
    return PORTRAIT if asset.kind is AssetKind.DOCUMENT else SQUARE


def say_asset_plate(asset: SharedAsset) -> str:
    """Say the few letters that stand for an asset without a picture."""
    if asset.kind is AssetKind.SPIN:
        return "360°"
    return (
        str(_count_entries(asset))
        if asset.kind is AssetKind.PLAYLIST
        else say_plate(asset.file_name)
    )


def say_tag(asset: SharedAsset) -> str:
    """Say what a picture alone would not: that it is a set, a list, a panorama, a film, a document."""
    if asset.kind is AssetKind.PLAYLIST:
        return say_count(_count_entries(asset), "item")
    if asset.kind is AssetKind.SPIN or asset.facts.get("is_panorama"):
        return "360°"
    if asset.kind in {AssetKind.VIDEO, AssetKind.AUDIO} and asset.facts.get("duration_ms"):
        return say_duration(asset.facts["duration_ms"])
    pages = asset.facts.get("pages", 0)
    return say_count(pages, "page") if pages > 1 else ""


def say_line(asset: SharedAsset) -> str:
    """Say the line under a title: `6000 × 4000`, `Film, MP4`, `360° view, 36 frames`."""
    if asset.kind is AssetKind.SPIN:
        return f"360° view, {say_count(len(asset.parts), 'frame')}"
    if asset.kind is AssetKind.PLAYLIST:
        return f"Playlist, {say_count(_count_entries(asset), 'item')}"
    if asset.kind is AssetKind.IMAGE and asset.facts.get("width"):
        size = say_pixels(asset.facts["width"], asset.facts["height"])
        return f"Panorama, {size}" if asset.facts.get("is_panorama") else size
    noun = _NOUNS.get(asset.kind)
    plate = say_plate(asset.file_name)
    return f"{noun}, {plate}" if noun and plate != "File" else noun or plate


def say_note(contents: Contents, asset: SharedAsset) -> str:
    """Say why an asset has no preview; nothing where none was to be expected."""
    has_any = find_cover(contents, asset) or find_rendition(contents, asset, PLAYER)
    if has_any or asset.kind not in _NOUNS:
        return ""
    rendition = _find_failed(contents, asset)
    if rendition is None and asset.kind is not AssetKind.IMAGE:
        return ""
    text = _FAILURES.get(rendition.failure, _UNKNOWN_FAILURE) if rendition else _UNKNOWN_FAILURE
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
    return tuple(_facts(contents, asset))


def describe_rendition(rendition: KnownRendition) -> str:
    """Say what a rendition is: `JPEG, 1600 × 1067`, `MP4, 1920 × 1080, 0:17`."""
    kind = rendition.media_type.rpartition("/")[2].upper()
    words = [{"MPEG": "MP3", "X-WAV": "WAV"}.get(kind, kind)]
    if rendition.media_type == "audio/mp4":
        words = ["AAC"]
    if rendition.width:
        words.append(say_pixels(rendition.width, rendition.height))
    if rendition.duration_ms:
        words.append(say_duration(rendition.duration_ms))
    return ", ".join(words)


def _facts(contents: Contents, asset: SharedAsset) -> Iterator[FactView]:
    facts = asset.facts if not has_parts(asset) else {}
    if not has_parts(asset):
        yield FactView("File", asset.file_name)
    if facts.get("width") and asset.kind in {AssetKind.IMAGE, AssetKind.VIDEO}:
        size = say_pixels(facts["width"], facts["height"])
        yield FactView("Size", f"{size} px", is_ltr=True)
    if facts.get("duration_ms"):
        yield FactView("Length", say_duration(facts["duration_ms"]), is_ltr=True)
    if facts.get("pages"):
        yield FactView("Pages", str(facts["pages"]), is_ltr=True)
    yield FactView("Original", say_size(asset.size_bytes), is_ltr=True)
    yield FactView("Last changed", say_date(asset.modified_at, contents.share.zone))
    for one in asset.details:
        yield FactView(one["name"], ", ".join(one["values"]))


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
        return _offer_original(contents, asset, href)
    rendition = find_taken(contents, asset, name)
    if rendition is None or has_parts(asset):
        return None
    size = say_size(rendition.size_bytes)
    return DownloadView(contents.label(name), describe_rendition(rendition), size, href)


def _offer_original(contents: Contents, asset: SharedAsset, href: str) -> DownloadView | None:
    plate, size = say_plate(asset.file_name), asset.size_bytes
    if asset.kind is AssetKind.IMAGE and asset.facts.get("width"):
        plate += f", {say_pixels(asset.facts['width'], asset.facts['height'])}"
    if contents.share.strips_originals:
        stripped = find_taken(contents, asset, ORIGINAL)
        if stripped is None:
            return None
        plate, size = f"{plate}, without metadata", stripped.size_bytes
    return DownloadView("Original", plate, say_size(size), href)


def _find_failed(contents: Contents, asset: SharedAsset) -> KnownRendition | None:
    names = (THUMBNAIL.name, PLAYER)
    rows = (contents.renditions.get((asset.position, 1, name)) for name in names)
    return next((row for row in rows if row is not None and row.failure), None)


def _count_entries(asset: SharedAsset) -> int:
    entries = {part.get("entry") or number for number, part in enumerate(asset.parts, 1)}
    return len(entries)
