"""Render pages: a view in, bytes out. The same view gives the same bytes."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from jinja2 import Environment, PackageLoader, StrictUndefined

from page_builder.format_views import FormatsPageView
from page_builder.static import icon_href
from page_builder.views import AssetPageView, NoticeView, PasswordView, SharePageView, TermsView

#: Above this a browser without scripts would load too many pictures at once.
CARDS_PER_PAGE = 300

_T = TypeVar("_T")

environment = Environment(
    loader=PackageLoader("page_builder"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    # Templates do not change while a process lives: not to ask saves a tenth of a page.
    auto_reload=False,
)
environment.globals["icon_href"] = icon_href
# Compiled now: nobody who waits for a page waits for this, and a mistake in one is seen at once.
for _name in environment.list_templates(extensions=["html"]):
    environment.get_template(_name)


def render_share_page(view: SharePageView) -> bytes:
    """Render one page of the wall."""
    return _render("share.html", view)


def write_colours(view: SharePageView) -> bytes:
    """Write the style sheet of a page's colours: what each card shows until its picture is there."""
    cards = (card for section in view.sections for card in section.cards if card.colour)
    return "".join(f"#p{card.position}{{background:{card.colour}}}" for card in cards).encode()


def render_asset_page(view: AssetPageView) -> bytes:
    """Render the page of one asset."""
    return _render("asset.html", view)


def render_formats_page(view: FormatsPageView) -> bytes:
    """Render the page on which formats are asked for."""
    return _render("formats.html", view)


def render_notice(view: NoticeView) -> bytes:
    """Render a page that says one thing."""
    return _render("notice.html", view)


def render_password(view: PasswordView) -> bytes:
    """Render the form that asks for a password."""
    return _render("password.html", view)


def render_terms(view: TermsView) -> bytes:
    """Render the terms alone."""
    return _render("terms.html", view)


def paginate(items: Sequence[_T], size: int = CARDS_PER_PAGE) -> Iterator[Sequence[_T]]:
    """Divide into pages; nothing at all is one empty page."""
    for start in range(0, max(len(items), 1), size):
        yield items[start : start + size]


def number_pages(current: int, last: int) -> tuple[int, ...]:
    """Choose which page numbers to show: the first, the last, those near; 0 stands for a gap."""
    near = {1, last, *range(max(1, current - 1), min(last, current + 1) + 1)}
    shown: list[int] = []
    for number in sorted(near):
        if shown and number - shown[-1] > 1:
            shown.append(number - 1 if number - shown[-1] == 2 else 0)  # noqa: PLR2004
        shown.append(number)
    return tuple(shown)


def _render(template: str, view: object) -> bytes:
    return environment.get_template(template).render(page=view).encode()
