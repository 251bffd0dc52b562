"""From the rows of a share to what its templates may know."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import groupby

from models.bundle import Bundle
from models.share import Share
from models.shared_asset import SharedAsset
from page_builder.pages import CARDS_PER_PAGE, number_pages, paginate
from page_builder.static import style_href
from page_builder.views import (
    AssetPageView,
    BrandView,
    CardView,
    DownloadView,
    NeighbourView,
    PagerView,
    PickView,
    SectionView,
    SharePageView,
    ShareView,
)
from page_builder.wording import say_count, say_size, say_until
from services.asset_views import (
    list_downloads,
    list_facts,
    say_asset_plate,
    say_line,
    say_note,
    say_tag,
    shape_of,
)
from services.contents import Contents, choose_format, find_cover
from services.expiry import is_day
from services.formats.catalogue import ORIGINAL, THUMBNAIL
from services.formats.prediction import MADE_TO_ORDER
from services.formats.recipes import PictureRecipe
from services.media_views import find_colour, show_inline, show_moving, view_entries, view_stage
from services.store import Store

#: From so many files on, the wall is a contact sheet.
_MANY = 60
#: The heading of assets that lie in no folder of their own.
_ALL = ""
Bundles = Mapping[tuple[int, str], Bundle]


def view_share(contents: Contents, bundles: Bundles, brand: BrandView) -> ShareView:
    """Describe what all pages of a share have in common."""
    share = contents.share
    count = len(contents.assets)
    names = share.formats if share.is_downloadable else ()
    offered = [bundles[0, name] for name in names if (0, name) in bundles]
    return ShareView(
        title=share.title,
        message=split_paragraphs(share.message),
        sender=share.owner_name or share.owner,
        sender_address=share.owner_address,
        until=say_share_until(share),
        files=say_count(count, "file"),
        is_downloadable=share.is_downloadable,
        bundles=tuple(_view_bundle(contents, one) for one in offered),
        bundle_note=f"{say_count(count, 'file')}, one zip",
        picks=tuple(_view_pick(contents, one.format) for one in offered) if count > 1 else (),
        has_terms=share.terms_version is not None,
        brand=brand,
    )


def view_share_pages(
    contents: Contents, share_view: ShareView, bundles: Bundles
) -> Iterator[SharePageView]:
    """Describe each page of the wall."""
    counts = Counter(_folder(contents, asset) for asset in contents.assets)
    pages = list(paginate(contents.assets, CARDS_PER_PAGE))
    for number, assets in enumerate(pages, 1):
        sections = [
            SectionView(
                heading=folder if len(counts) > 1 else "",
                anchor=f"s{position}",
                count=counts[folder],
                cards=tuple(_view_card(contents, bundles, asset) for asset in members),
            )
            for position, (folder, members) in enumerate(
                groupby(assets, key=lambda asset: _folder(contents, asset)), 1
            )
        ]
        yield SharePageView(
            share=share_view,
            number=number,
            root="" if number == 1 else "../../",
            static=style_href(),
            is_many=len(contents.assets) > _MANY,
            sections=tuple(sections),
            pager=_view_pager(number, len(pages)),
        )


def view_asset_page(
    contents: Contents, store: Store, share_view: ShareView, bundles: Bundles, index: int
) -> AssetPageView:
    """Describe the page of the asset at `index` (from 0)."""
    asset = contents.assets[index]
    folder = _folder(contents, asset)
    place = f"{index + 1:,} of {len(contents.assets):,}"
    return AssetPageView(
        share=share_view,
        root="../../",
        static=style_href(),
        position=asset.position,
        eyebrow=f"{folder}, {place}" if folder != _ALL else place,
        title=asset.title or "Untitled",
        description=split_paragraphs(asset.description),
        media=view_stage(contents, store, asset),
        note=say_note(contents, asset),
        downloads=list_downloads(contents, bundles, asset),
        has_other_formats=contents.share.is_downloadable and asset.kind in MADE_TO_ORDER,
        facts=list_facts(contents, asset),
        entries_heading=say_line(asset),
        entries=view_entries(contents, store, asset),
        previous=_view_neighbour(contents, index - 1),
        following=_view_neighbour(contents, index + 1),
        back=f"{share_view.title}, all {share_view.files}",
    )


def say_share_until(share: Share) -> str:
    """Say until when a share is available, in its owner's words."""
    return say_until(share.expires_at, share.zone, is_whole_day=is_day(share.expires_text))


def split_paragraphs(text: str) -> tuple[str, ...]:
    """Divide a text at its blank lines."""
    return tuple(part.strip() for part in text.split("\n\n") if part.strip())


def _view_card(contents: Contents, bundles: Bundles, asset: SharedAsset) -> CardView:
    cover = find_cover(contents, asset)
    picture = show_inline(contents, asset, THUMBNAIL.name, cover) if cover else None
    shape = shape_of(asset, picture)
    return CardView(
        position=asset.position,
        title=asset.title or "Untitled",
        line=say_line(asset) if picture or not say_note(contents, asset) else "No preview",
        ratio=shape,
        picture=picture,
        moving=show_moving(contents, asset),
        plate=say_asset_plate(asset),
        tag=say_tag(asset),
        # A picture on a mat leaves some of the mat to be seen.
        colour=find_colour(contents, asset, cover) if cover and "mat" not in shape else "",
        downloads=list_downloads(contents, bundles, asset),
    )


def _view_bundle(contents: Contents, bundle: Bundle) -> DownloadView:
    name = bundle.format
    if name == ORIGINAL:
        return DownloadView(
            "Originals", "as they were shared", say_size(bundle.size_bytes), "bundle/original"
        )
    others = sum(choose_format(contents, one, name) == ORIGINAL for one in contents.assets)
    note = _describe_format(contents, name)
    if others:
        note += f"; {say_count(others, 'original')}"
    label = contents.label(name)
    return DownloadView(label, note, say_size(bundle.size_bytes), f"bundle/{name}")


def _view_pick(contents: Contents, name: str) -> PickView:
    if name == ORIGINAL:
        return PickView("Originals", "", name)
    return PickView(contents.label(name), _describe_format(contents, name), name)


def _describe_format(contents: Contents, name: str) -> str:
    recipe = contents.formats[name].recipe
    kind = recipe.media_type.rpartition("/")[2].upper()
    if isinstance(recipe, PictureRecipe):
        return f"{kind}, {max(recipe.width, recipe.height)} px"
    return kind


def _view_pager(number: int, last: int) -> PagerView | None:
    return PagerView(number, last, number_pages(number, last)) if last > 1 else None


def _view_neighbour(contents: Contents, index: int) -> NeighbourView | None:
    if not 0 <= index < len(contents.assets):
        return None
    asset = contents.assets[index]
    return NeighbourView(asset.position, asset.title or "Untitled")


def _folder(contents: Contents, asset: SharedAsset) -> str:
    """Say under which heading an asset stands: its folder below the shared one; picked ones: none."""
    shared = [part for part in contents.share.folder.split("/") if part]
    if not contents.share.folder:
        return _ALL
    below = asset.folder.split("/")[len(shared) :] if asset.folder else []
    return " / ".join(below)
