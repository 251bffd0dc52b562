"""The page on which recipients ask for formats: what is on offer, what was asked for, how far it is."""

from collections.abc import Iterator, Mapping
from uuid import UUID

from sqlalchemy.orm import Session

from models.bundle import Bundle
from models.format_request import FormatRequest
from models.kinds import AssetKind, RequestState
from page_builder.format_views import FormatsPageView, OfferView, WishView
from page_builder.static import style_href
from page_builder.views import DownloadView
from page_builder.wording import say_count, say_pixels, say_size
from services.access import Admission
from services.asset_views import describe_rendition
from services.brands import view_brand
from services.contents import Contents, find_taken, read_contents
from services.format_requests import measure_request, read_requests
from services.format_wishes import CustomFormat, read_custom_form
from services.formats.alike import count_alike
from services.formats.catalogue import Format, read_catalogue
from services.formats.prediction import MADE_TO_ORDER, Predictable, Prediction, predict
from services.formats.recipes import FilmRecipe, PictureRecipe, Recipe
from services.page_views import view_share

_MEDIA = {
    AssetKind.IMAGE: (("picture", "Picture"),),
    AssetKind.VIDEO: (("film", "Film"), ("sound", "Sound")),
    AssetKind.AUDIO: (("sound", "Sound"),),
}
_WORDS = {
    RequestState.WAITING: "waits",
    RequestState.MAKING: "is being made",
    RequestState.CANCELLED: "was cancelled",
}
#: How many assets there are of which a recipe makes the same.
Alike = Mapping[Predictable, int]
_UNDER_WAY = (RequestState.WAITING, RequestState.MAKING)


def view_formats(
    session: Session, admission: Admission, fields: Mapping[str, str], problem: str = ""
) -> FormatsPageView:
    """Describe what can be asked for of the admitted asset, or of all of them.

    `fields` are those of a form that was filled in before: what it would make is foretold.
    """
    share, position = admission.share, admission.position or 0
    # Of a whole share only the zip is shown, and this page asks for itself every few seconds.
    contents = read_contents(session, share, position=position, with_assets=bool(position))
    alike = count_alike(session, share.id, position=position, withdrawn=admission.withdrawn)
    media = _list_media(alike)
    medium = fields.get("medium", "")
    medium = medium if medium in dict(media) else next(iter(dict(media)), "picture")
    wishes = tuple(_view_wishes(session, contents, admission, position))
    foretold, wrong = _foretell(alike, {**fields, "medium": medium}) if fields else ("", "")
    root = "../../../" if position else "../"
    place = f"a/{position}/" if position else ""
    return FormatsPageView(
        share=view_share(contents, {}, view_brand(session, share.brand_id)),
        root=root,
        static=style_href(),
        title=(contents.assets[0].title if contents.assets else share.title) or "Untitled",
        back="Back to the file" if position else "Back to all files",
        back_href=f"{root}{place}",
        action="",
        medium=medium,
        media=media,
        offers=tuple(_view_offers(session, contents, alike, position)),
        wishes=wishes,
        values=_fill_in(fields),
        foretold=foretold,
        problem=problem or wrong,
        refreshes=not fields and any(wish.percent is not None for wish in wishes),
    )


def _list_media(alike: Alike) -> tuple[tuple[str, str], ...]:
    kinds = dict.fromkeys(one.kind for one in alike if one.kind in MADE_TO_ORDER)
    return tuple(dict.fromkeys(medium for kind in kinds for medium in _MEDIA[kind]))


def _fill_in(fields: Mapping[str, str]) -> dict[str, str]:
    usual = {name: str(value) for name, value in CustomFormat().model_dump().items()}
    return {name: fields.get(name) or value for name, value in usual.items()}


def _foretell(alike: Alike, fields: dict[str, str]) -> tuple[str, str]:
    """Say what a custom format would be, or why it cannot be."""
    try:
        wanted = read_custom_form(fields).to_format()
    except ValueError as error:
        return "", str(error)
    words = say_prediction(alike, wanted.recipe)
    return f"{wanted.label}: {words}", ""


def say_prediction(alike: Alike, recipe: Recipe) -> str:
    """Say what a recipe makes of these: pixels for one, how many files for several."""
    told = [(predict(one, recipe), count) for one, count in alike.items()]
    if sum(count for _, count in told) == 1:
        return _say_one(told[0][0])
    usable = sum(count for one, count in told if one.is_applicable)
    small = sum(count for one, count in told if one.is_applicable and one.note)
    words = say_count(usable, "file")
    return f"{words}, {small} of them smaller than that" if small else words


def _say_one(one: Prediction) -> str:
    if not one.is_applicable:
        return one.reason
    size = f"{say_pixels(one.width, one.height)} px" if one.width else "as long as the original"
    return f"{size}. {one.note}" if one.note else size


def _view_offers(
    session: Session, contents: Contents, alike: Alike, position: int
) -> Iterator[OfferView]:
    asked = {
        one.format
        for one in read_requests(session, contents.share, position)
        if one.state not in {RequestState.CANCELLED, RequestState.FAILED}
    }
    for one in read_catalogue(session).values():
        is_usable = any(_is_wanted(asset, one) for asset in alike)
        if is_usable and one.name not in {*asked, *contents.share.formats}:
            yield OfferView(one.name, one.label, say_prediction(alike, one.recipe))


def _is_wanted(asset: Predictable, one: Format) -> bool:
    is_own = {
        AssetKind.IMAGE: isinstance(one.recipe, PictureRecipe),
        AssetKind.VIDEO: isinstance(one.recipe, FilmRecipe),
    }
    return is_own.get(asset.kind, True) and predict(asset, one.recipe).is_applicable


def _view_wishes(
    session: Session, contents: Contents, admission: Admission, position: int
) -> Iterator[WishView]:
    for request in read_requests(session, contents.share, position):
        label = contents.label(request.format)
        if request.state is RequestState.DONE and not position and admission.withdrawn:
            yield WishView(label, "is not available: the owner took something out of the share")
        elif request.state is RequestState.DONE:
            yield WishView(label, "", download=_view_made(session, contents, request))
        elif request.state is RequestState.FAILED:
            yield WishView(label, f"could not be made. {request.failure_text}")
        elif request.state in _UNDER_WAY:
            yield WishView(
                label,
                _WORDS[request.state],
                percent=measure_request(session, request),
                cancel=_cancel_href(request, admission.grant.id, position),
            )
        else:
            yield WishView(label, _WORDS[request.state])


def _cancel_href(request: FormatRequest, grant_id: UUID, position: int) -> str:
    if request.grant_id != grant_id:
        return ""
    return f"{'../../../' if position else '../'}formats/{request.id}/cancel"


def _view_made(session: Session, contents: Contents, request: FormatRequest) -> DownloadView | None:
    label = contents.label(request.format)
    if request.position:
        made = find_taken(contents, contents.assets[0], request.format)
        if made is None:
            return None
        href = f"d/{request.position}/{request.format}"
        return DownloadView(label, describe_rendition(made), say_size(made.size_bytes), href)
    bundle = session.get(Bundle, (contents.share.id, 0, request.format))
    if bundle is None:
        return None
    note = f"{say_count(bundle.entry_count, 'file')}, one zip"
    return DownloadView(label, note, say_size(bundle.size_bytes), f"bundle/{request.format}")
