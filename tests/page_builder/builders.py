"""Pages, cards and letters for tests, each changed by keyword."""

from html.parser import HTMLParser

from page_builder.format_views import FormatsPageView, OfferView, WishView
from page_builder.letters import render_invitation, render_kept_letter
from page_builder.media_views import (
    EntryView,
    FilmView,
    MediaView,
    PictureView,
    SoundView,
    TrackView,
)
from page_builder.pages import (
    render_asset_page,
    render_formats_page,
    render_notice,
    render_share_page,
)
from page_builder.palette import make_palette
from page_builder.static import style_href
from page_builder.views import (
    AssetPageView,
    CardView,
    DownloadView,
    FactView,
    KeptLetterView,
    LetterView,
    NeighbourView,
    NoticeView,
    PagerView,
    SectionView,
    SharePageView,
    ShareView,
)
from services.format_wishes import CustomFormat

TITLE = "The ridge above Hällevik in October, seen from the meadow behind the house"
WAYS = tuple(
    DownloadView(label, note, "4.8 MB", f"d/10000/{label.lower()}")
    for label, note in (
        ("Original", "JPEG, 6000 × 4000"),
        ("Large", "JPEG, 2560 × 1707"),
        ("Web", "JPEG, 1600 × 1067"),
    )
)


class Reader(HTMLParser):
    """Collects the tags, attributes and words of a page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.words = [], ""
        self.feed(page.decode() if isinstance(page, bytes) else page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words += data


def a_share(**changes):
    values = {
        "title": TITLE,
        "message": ("Dear all,",),
        "sender": "Anna",
        "sender_address": "a@b.example",
        "until": "Available until 1 May 2027",
        "files": "300 files",
        "is_downloadable": True,
        "bundles": WAYS,
        "bundle_note": "300 files, one zip",
    }
    return ShareView(**(values | changes))


def a_card(**changes):
    values = {
        "position": 10_000,
        "title": TITLE,
        "line": "6000 × 4000",
        "ratio": "r150",
        "picture": PictureView("i/10000/1/thumbnail", 640, 427, ""),
        "moving": None,
        "colour": "#a1b2c3",
        "plate": "",
        "tag": "",
        "downloads": WAYS,
    }
    return CardView(**(values | changes))


def a_share_page(cards=(), share=None, pager=None):
    section = SectionView("Campaign", "s1", len(cards), tuple(cards))
    return render_share_page(
        SharePageView(share or a_share(), 2, "../../", style_href(), True, (section,), pager)
    )


def an_asset_page(**changes):
    values = {
        "share": a_share(),
        "root": "../../",
        "static": style_href(),
        "position": 2,
        "eyebrow": "2 of 3",
        "title": TITLE,
        "description": ("Words.",),
        "media": MediaView("JPG", PictureView("i/2/1/view", 1600, 1067)),
        "note": "",
        "downloads": WAYS,
        "has_other_formats": True,
        "facts": (FactView("Size", "1 × 2", True),),
        "entries_heading": "",
        "entries": (),
        "previous": NeighbourView(1, "Before"),
        "following": None,
        "back": "All",
    }
    return render_asset_page(AssetPageView(**(values | changes)))


def an_entry(text="An entry"):
    picture = PictureView("i/2/1/view", 1600, 1067, text)
    film = FilmView(
        "i/2/1/player", "video/mp4", picture, (TrackView("i/2/2/subtitles", "de", text),), picture
    )
    sound = SoundView("i/2/3/player", "audio/mp4", "M0 1v2", picture)
    media = MediaView(
        text, film=film, sound=sound, pages=(picture, picture), frames=(picture,), text=text
    )
    return EntryView(1, text, text, media)


def a_formats_page(text="Words", **changes):
    values = {
        "share": a_share(),
        "root": "../../../",
        "static": style_href(),
        "title": text,
        "back": "Back",
        "back_href": "../",
        "action": "",
        "medium": "picture",
        "media": (("picture", "Picture"), ("film", "Film")),
        "offers": (OfferView("square", text, text),),
        "wishes": (WishView(text, text, 40, cancel="cancel"), WishView(text, "", download=WAYS[0])),
        "values": {name: str(value) for name, value in CustomFormat().model_dump().items()},
        "foretold": text,
        "problem": text,
        "refreshes": True,
    }
    return render_formats_page(FormatsPageView(**(values | changes)))


def a_letter(**changes):
    values = {
        "share_title": TITLE,
        "house": "Halden",
        "privacy_url": "https://h.example",
        "palette": make_palette("#ffd400"),
        "sender": "Anna",
        "greeting": "Hello,",
        "message": ("Dear Maria.",),
        "contents": "3 files",
        "until": "Available until 1 May 2027",
        "link": "https://share.example/s/x/",
        "why": "You are on the list.",
    }
    return render_invitation(LetterView(**(values | changes)))


def all_pages():
    kept = KeptLetterView("Anna", "Maria", "Subject", "Today", a_letter().text, a_letter().html)
    return {
        "share": a_share_page([a_card()], pager=PagerView(2, 3, (1, 2, 3))),
        "asset": an_asset_page(),
        "playlist": an_asset_page(entries=(an_entry(),), entries_heading="1 entry"),
        "formats": a_formats_page(),
        "notice": render_notice(
            NoticeView(style_href(), "Closed", ("Text.",), "a@b.example", "Write")
        ),
        "kept letter": render_kept_letter(kept),
    }
