"""What a recipe will make of an asset, told beforehand and without decoding anything."""

from dataclasses import dataclass

from models.kinds import WITH_PARTS, AssetKind
from models.shared_asset import SharedAsset
from services.formats.facts import Facts
from services.formats.geometry import predict_size
from services.formats.recipes import FilmRecipe, PictureRecipe, Recipe, SoundRecipe
from services.sniffing import is_picture

_DRAWING = "image/svg+xml"
#: Of these kinds formats can be made to order.
MADE_TO_ORDER = frozenset({AssetKind.IMAGE, AssetKind.VIDEO, AssetKind.AUDIO})


@dataclass(frozen=True)
class Predictable:
    """All of an asset that a prediction depends on; sizes are in pixels, 0 where unknown."""

    kind: AssetKind
    media_type: str
    width: int = 0
    height: int = 0
    has_picture: bool = False
    has_sound: bool = False

    @classmethod
    def of(cls, asset: SharedAsset) -> "Predictable":
        """Take it from the record of an asset."""
        facts = Facts.read(asset.facts)
        return cls(
            asset.kind,
            asset.media_type,
            facts.width,
            facts.height,
            facts.has_picture,
            facts.has_sound,
        )


@dataclass(frozen=True)
class Prediction:
    """What will be made: its size in pixels (0 where it has none), and what is to be known of it.

    `reason` says why nothing can be made; then nothing else counts. `note` says that the original
    is smaller than what was asked for, so that it keeps its size.
    """

    width: int = 0
    height: int = 0
    note: str = ""
    reason: str = ""

    @property
    def is_applicable(self) -> bool:
        """Whether anything can be made."""
        return not self.reason


def predict(asset: Predictable, recipe: Recipe) -> Prediction:
    """Foretell what a recipe makes of an asset, by what is known of the inside of its original."""
    if asset.kind in WITH_PARTS:
        return Prediction(reason="A set or a list is taken as its originals.")
    if isinstance(recipe, PictureRecipe):
        return _predict_picture(asset, recipe)
    if isinstance(recipe, FilmRecipe):
        return _predict_film(asset, recipe)
    if isinstance(recipe, SoundRecipe):
        has_sound = asset.kind in {AssetKind.AUDIO, AssetKind.VIDEO} and asset.has_sound
        return Prediction() if has_sound else Prediction(reason="There is no sound in it.")
    return Prediction(reason="This is made for pages only.")


def _predict_picture(asset: Predictable, recipe: PictureRecipe) -> Prediction:
    if asset.kind is not AssetKind.IMAGE or not is_picture(asset.media_type):
        return Prediction(reason="It is no picture.")
    if not asset.width or not asset.height:
        return Prediction(reason="The picture cannot be read.")
    is_drawing = asset.media_type == _DRAWING
    width, height = predict_size(recipe, asset.width, asset.height, may_enlarge=is_drawing)
    is_small = asset.width < recipe.width and asset.height < recipe.height
    stays_small = is_small and not is_drawing and recipe.fit in {"inside", "cover"}
    note = "The original is smaller, and is not enlarged." if stays_small else ""
    return Prediction(width, height, note)


def _predict_film(asset: Predictable, recipe: FilmRecipe) -> Prediction:
    if asset.kind is not AssetKind.VIDEO or not asset.has_picture:
        return Prediction(reason="It is no film.")
    width, height = predict_film_size(recipe, asset.width, asset.height)
    is_small = min(asset.width, asset.height) < recipe.height
    note = "The original is smaller, and is not enlarged." if is_small else ""
    return Prediction(width, height, note)


def predict_film_size(recipe: FilmRecipe, width: int, height: int) -> tuple[int, int]:
    """Say how large a film becomes, in pixels: inside 16:9 of that height, sides even."""
    longer = recipe.height * 16 // 9
    box = (longer, recipe.height) if width >= height else (recipe.height, longer)
    scale = min(1.0, box[0] / width, box[1] / height)
    return _even(width * scale), _even(height * scale)


def _even(length: float) -> int:
    return max(2, int(length) // 2 * 2)
