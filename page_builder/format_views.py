"""Views of the page on which recipients ask for formats."""

from dataclasses import dataclass

from page_builder.views import BrandView, DownloadView, ShareView


@dataclass(frozen=True)
class OfferView:
    """A format that can be asked for with one press; `note` foretells what it will be."""

    name: str
    label: str
    note: str


@dataclass(frozen=True)
class WishView:
    """A format that somebody asked for; `download` is there once it is made.

    `percent` counts while it is being made; `cancel` is where whoever asked can stop it.
    """

    label: str
    words: str
    percent: int | None = None
    download: DownloadView | None = None
    cancel: str = ""


@dataclass(frozen=True)
class FormatsPageView:
    """What can be asked for of one asset, or of all; `values` are those of the custom form.

    `foretold` says what the custom format would be, `problem` why it cannot be.
    """

    share: ShareView
    root: str
    static: str
    title: str
    back: str
    back_href: str
    action: str
    medium: str
    media: tuple[tuple[str, str], ...]
    offers: tuple[OfferView, ...]
    wishes: tuple[WishView, ...]
    values: dict[str, str]
    foretold: str = ""
    problem: str = ""
    refreshes: bool = False

    @property
    def brand(self) -> BrandView:
        """The share's brand."""
        return self.share.brand
