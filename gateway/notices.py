"""From a refusal to the page that a recipient sees: one sentence, no more than they may know."""

from starlette.requests import Request
from starlette.responses import Response

from page_builder.pages import render_notice
from page_builder.static import style_href
from page_builder.views import NoticeView
from services.errors import ShareClosed, VitrineError

_TEXTS = {
    403: ("Downloads are switched off", "The owner of this share lets you look at it only."),
    404: (
        "There is nothing at this address",
        (
            "The link may be incomplete: mail programs sometimes break long ones in two."
            " Copy it whole, or ask whoever sent it for a new one."
        ),
    ),
    409: (
        "This file is not available",
        "It was changed after it was shared, and is therefore no longer offered.",
    ),
    503: ("Not available at the moment", "Please try again in a few minutes."),
}


async def show_refusal(request: Request, error: Exception) -> Response:  # noqa: ARG001
    """Answer any refusal with its status and a page."""
    status = error.status if isinstance(error, VitrineError) else 503
    if isinstance(error, ShareClosed):
        view = _describe_closed(error)
    else:
        status = status if status in _TEXTS else 503
        title, text = _TEXTS[status]
        view = NoticeView(style_href(), title, (text,))
    return Response(render_notice(view), status_code=status, media_type="text/html; charset=utf-8")


def _describe_closed(error: ShareClosed) -> NoticeView:
    return NoticeView(
        style_href(),
        title=f"This share closed on {error.closed_on}",
        text=(f"{error.owner} can open it again for you.",),
        address=error.address,
        action=f"Write to {error.owner}",
    )
