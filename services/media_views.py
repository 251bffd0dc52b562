"""What can be seen and heard of an original, from the renditions that there are of it."""

from collections.abc import Iterator
from typing import Any

from models.kinds import AssetKind
from models.shared_asset import SharedAsset
from page_builder.media_views import (
    EntryView,
    FilmView,
    MediaView,
    PictureView,
    SoundView,
    TrackView,
)
from page_builder.wording import say_count, say_duration, say_language, say_plate
from services.contents import Contents, KnownRendition, find_cover, find_rendition
from services.formats.catalogue import (
    FRAME,
    MOVING,
    PAGES,
    PEAKS,
    PLAYER,
    STORYBOARD,
    SUBTITLES,
    TEXT,
    THUMBNAIL,
    VIEW,
)
from services.rendering.averages import decode_average
from services.store import Store

_BARS = 200
_HALF = 32
_WIDTH = 400
_ALT_LENGTH = 200


def show_inline(
    contents: Contents, asset: SharedAsset, name: str, part: int = 1
) -> PictureView | None:
    """Show an inline picture of an asset, if it exists."""
    rendition = find_rendition(contents, asset, name, part)
    if rendition is None or not rendition.width or not rendition.height:
        return None
    alt = " ".join(asset.description.split())[:_ALT_LENGTH]
    return PictureView(address(asset, part, name), rendition.width, rendition.height, alt)


def find_colour(contents: Contents, asset: SharedAsset, part: int) -> str:
    """Find the colour of a thumbnail on average, as `#rrggbb`."""
    rendition = find_rendition(contents, asset, THUMBNAIL.name, part)
    if rendition is None or not rendition.placeholder:
        return ""
    return "#{:02x}{:02x}{:02x}".format(*decode_average(rendition.placeholder))


def show_moving(contents: Contents, asset: SharedAsset) -> PictureView | None:
    """Show a film or an animation moving, without a player."""
    return show_inline(contents, asset, MOVING.name)


def address(asset: SharedAsset, part: int, name: str) -> str:
    """Give the address of something inline, below that of the share."""
    return f"i/{asset.position}/{part}/{name}"


def view_media(contents: Contents, store: Store, asset: SharedAsset, part: int = 1) -> MediaView:
    """Describe all that can be seen and heard of one original of an asset."""
    file = asset.parts[part - 1]
    plate = say_plate(file["file_name"])
    if file.get("is_frame"):
        return MediaView(plate, frames=tuple(_frames(contents, asset, part)))
    player = find_rendition(contents, asset, PLAYER, part)
    is_film = player is not None and player.media_type.startswith("video/")
    picture = _large(contents, asset, part)
    pages = tuple(_pages(contents, asset, part))
    return MediaView(
        plate=plate,
        picture=None if player or pages else picture,
        film=_film(contents, asset, part, player, picture) if player and is_film else None,
        sound=_sound(contents, store, asset, part) if player and not is_film else None,
        pages=pages,
        page_count=_count_pages(asset, part),
        text=_text(contents, store, asset, part),
    )


def view_stage(contents: Contents, store: Store, asset: SharedAsset) -> MediaView:
    """Describe what stands large on the page of an asset; a playlist shows its first picture."""
    if asset.kind is not AssetKind.PLAYLIST:
        return view_media(contents, store, asset)
    cover = find_cover(contents, asset)
    picture = _large(contents, asset, cover) if cover else None
    return MediaView(str(len(view_entries(contents, store, asset))), picture)


def view_entries(contents: Contents, store: Store, asset: SharedAsset) -> tuple[EntryView, ...]:
    """Describe the entries of a playlist, each with what can be seen and heard of it."""
    if asset.kind is not AssetKind.PLAYLIST:
        return ()
    firsts: dict[int, int] = {}
    for number, part in enumerate(asset.parts, 1):
        firsts.setdefault(part.get("entry") or number, number)
    return tuple(
        EntryView(
            position,
            asset.parts[part - 1].get("title") or asset.parts[part - 1]["file_name"],
            say_part(contents, asset, part),
            view_media(contents, store, asset, part),
        )
        for position, part in enumerate(firsts.values(), 1)
    )


def say_part(contents: Contents, asset: SharedAsset, part: int) -> str:
    """Say what an original is: `Film, 0:17`, `36 frames`, `PDF`."""
    file = asset.parts[part - 1]
    if file.get("is_frame"):
        frames = sum(one.get("entry") == file.get("entry") for one in asset.parts)
        return f"360° view, {say_count(frames, 'frame')}"
    player = find_rendition(contents, asset, PLAYER, part)
    plate = say_plate(file["file_name"])
    return f"{plate}, {say_duration(player.duration_ms)}" if player else plate


def _large(contents: Contents, asset: SharedAsset, part: int) -> PictureView | None:
    return show_inline(contents, asset, VIEW.name, part) or show_inline(
        contents, asset, THUMBNAIL.name, part
    )


def _frames(contents: Contents, asset: SharedAsset, first: int) -> Iterator[PictureView]:
    entry = asset.parts[first - 1].get("entry")
    for number, part in enumerate(asset.parts, 1):
        if part.get("is_frame") and part.get("entry") == entry:
            frame = show_inline(contents, asset, FRAME.name, number)
            if frame is not None:
                yield frame


def _pages(contents: Contents, asset: SharedAsset, part: int) -> Iterator[PictureView]:
    for page in PAGES:
        shown = show_inline(contents, asset, page.name, part)
        if shown is not None:
            yield shown


def _count_pages(asset: SharedAsset, part: int) -> int:
    return int(asset.facts.get("pages", 0)) if part == 1 else 0


def _film(
    contents: Contents,
    asset: SharedAsset,
    part: int,
    player: KnownRendition,
    poster: PictureView | None,
) -> FilmView:
    return FilmView(
        address(asset, part, PLAYER),
        player.media_type,
        poster,
        tuple(_tracks(contents, asset, part)),
        show_inline(contents, asset, STORYBOARD.name, part),
    )


def _tracks(contents: Contents, asset: SharedAsset, film: int) -> Iterator[TrackView]:
    """List the subtitles of a film: those that follow it among the parts."""
    for number in range(film + 1, len(asset.parts) + 1):
        part: dict[str, Any] = asset.parts[number - 1]
        if part.get("role") != "subtitles":
            return
        if find_rendition(contents, asset, SUBTITLES.name, number):
            language = part.get("language") or ""
            src = address(asset, number, SUBTITLES.name)
            yield TrackView(src, language, say_language(language))


def _sound(contents: Contents, store: Store, asset: SharedAsset, part: int) -> SoundView:
    player = contents.renditions[asset.position, part, PLAYER]
    peaks = find_rendition(contents, asset, PEAKS.name, part)
    outline = draw_outline(store.get(peaks.store_key)) if peaks else ""
    cover = _large(contents, asset, part)
    return SoundView(address(asset, part, PLAYER), player.media_type, outline, cover)


def draw_outline(peaks: bytes) -> str:
    """Draw peaks (a byte each, 255 is the loudest) as a path of bars in a box of 400 × 64."""
    if not peaks:
        return ""
    step = max(1, len(peaks) // _BARS)
    bars = [max(peaks[at : at + step]) for at in range(0, len(peaks), step)]
    gap = _WIDTH / len(bars)
    heights = (max(1, round(bar * _HALF / 255)) for bar in bars)
    return "".join(
        f"M{round(at * gap + 1)} {_HALF - height}v{2 * height}" for at, height in enumerate(heights)
    )


def _text(contents: Contents, store: Store, asset: SharedAsset, part: int) -> str:
    text = find_rendition(contents, asset, TEXT.name, part)
    return store.get(text.store_key).decode("utf-8", "replace") if text else ""
