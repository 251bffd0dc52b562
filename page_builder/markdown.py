"""Owners' Markdown as HTML that does nothing: no raw HTML, no pictures, links that tell nobody."""

import nh3
from markdown_it import MarkdownIt

_TAGS = {"p", "h1", "h2", "h3", "h4", "ul", "ol", "li", "strong", "em", "a", "br", "hr"} | {
    "blockquote",
    "code",
    "pre",
}
_READER = MarkdownIt("commonmark", {"html": False})


def render_markdown(text: str) -> str:
    """Render Markdown (CommonMark) and clean what comes of it; safe to stand in a page."""
    return nh3.clean(
        _READER.render(text),
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
