"""Views: all that a template may know. Texts are final; templates format nothing."""

from dataclasses import dataclass, field

from page_builder.media_views import EntryView, MediaView, PictureView
from page_builder.palette import Palette


@dataclass(frozen=True)
class DownloadView:
    """One way to take something: `note` says what it is, `size` how large."""

    label: str
    note: str
    size: str
    href: str


@dataclass(frozen=True)
class PickView:
    """A format in which picked files can be taken together."""

    label: str
    note: str
    value: str


@dataclass(frozen=True)
class LogoView:
    """A logo with the size of its file in pixels."""

    src: str
    width: int
    height: int


@dataclass(frozen=True)
class BrandView:
    """What a brand adds to a page; `theme` is the address of a style sheet."""

    theme: str = ""
    logo: LogoView | None = None
    dark_logo: LogoView | None = None
    company: str = ""
    privacy_url: str = ""
    contact: str = ""
    accent: str = ""


#: What every page looks like that has no brand, or must not show one.
NO_BRAND = BrandView()


@dataclass(frozen=True)
class CardView:
    """One asset on the wall; without a picture `plate` is shown large, such as `PDF`.

    `moving` takes the place of the picture while somebody points at it; `colour` (`#rrggbb` or
    empty) is that of the picture on average, shown before it is there.
    """

    position: int
    title: str
    line: str
    ratio: str
    picture: PictureView | None
    moving: PictureView | None
    plate: str
    tag: str
    colour: str
    downloads: tuple[DownloadView, ...]


@dataclass(frozen=True)
class SectionView:
    """Cards under a heading; an empty heading stands for none."""

    heading: str
    anchor: str
    count: int
    cards: tuple[CardView, ...]


@dataclass(frozen=True)
class PagerView:
    """The pages of a large share; `numbers` has 0 where some are skipped."""

    current: int
    last: int
    numbers: tuple[int, ...]


@dataclass(frozen=True)
class ShareView:
    """What all pages of one share have in common."""

    title: str
    message: tuple[str, ...]
    sender: str
    sender_address: str
    until: str
    files: str
    is_downloadable: bool
    bundles: tuple[DownloadView, ...]
    bundle_note: str
    picks: tuple[PickView, ...] = ()
    has_terms: bool = False
    brand: BrandView = NO_BRAND


@dataclass(frozen=True)
class SharePageView:
    """One page of the wall; `root` leads from it to the share's first page."""

    share: ShareView
    number: int
    root: str
    static: str
    is_many: bool
    sections: tuple[SectionView, ...]
    pager: PagerView | None

    @property
    def brand(self) -> BrandView:
        """The share's brand."""
        return self.share.brand


@dataclass(frozen=True)
class FactView:
    """One line of what is known of an asset; `is_ltr` for figures."""

    name: str
    value: str
    is_ltr: bool = False


@dataclass(frozen=True)
class NeighbourView:
    """The asset before or after."""

    position: int
    title: str


@dataclass(frozen=True)
class AssetPageView:
    """One asset on a page of its own."""

    share: ShareView
    root: str
    static: str
    position: int
    eyebrow: str
    title: str
    description: tuple[str, ...]
    media: MediaView
    note: str
    downloads: tuple[DownloadView, ...]
    has_other_formats: bool
    facts: tuple[FactView, ...]
    entries_heading: str
    entries: tuple[EntryView, ...]
    previous: NeighbourView | None
    following: NeighbourView | None
    back: str

    @property
    def brand(self) -> BrandView:
        """The share's brand."""
        return self.share.brand


@dataclass(frozen=True)
class NoticeView:
    """A page that says one thing: closed, not found, not available."""

    static: str
    title: str
    text: tuple[str, ...]
    address: str = ""
    action: str = ""
    language: str = field(default="en")
    brand: BrandView = NO_BRAND


@dataclass(frozen=True)
class PasswordView:
    """The form that asks for a password: nothing of the share, `problem` with the last try."""

    static: str
    action: str
    problem: str = ""
    brand: BrandView = NO_BRAND


@dataclass(frozen=True)
class TermsView:
    """The terms and the form that accepts them; `html` was cleaned, nothing else of the share."""

    static: str
    action: str
    version: str
    language: str
    html: str
    problem: str = ""
    brand: BrandView = NO_BRAND


@dataclass(frozen=True)
class LetterView:
    """What a letter says."""

    share_title: str
    sender: str
    house: str
    privacy_url: str
    greeting: str
    message: tuple[str, ...]
    contents: str
    until: str
    link: str
    why: str
    palette: Palette


@dataclass(frozen=True)
class WarningView:
    """That guessing was stopped; `until` is empty where it is for the owner to act."""

    share_title: str
    greeting: str
    whose: str
    until: str


@dataclass(frozen=True)
class KeptLetterView:
    """A letter in the local mail folder, as a mail program would show it."""

    sender: str
    recipient: str
    subject: str
    date: str
    text: str
    html: str
