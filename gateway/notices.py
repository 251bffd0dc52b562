"""From a refusal to the page that a recipient sees: one sentence, no more than they may know."""

from datetime import UTC
from email.utils import format_datetime
from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gateway.visitors import list_languages, read_cookie
from page_builder.markdown import render_markdown
from page_builder.pages import render_notice, render_password, render_terms
from page_builder.static import style_href
from page_builder.views import NoticeView, PasswordView, TermsView
from services.errors import (
    PasswordNeeded,
    PasswordWrong,
    ShareClosed,
    TermsNeeded,
    TooManyGuesses,
    VitrineError,
)
from services.terms import read_terms

_TEXTS = {
    400: ("This could not be understood", "Go back to the page and try again."),
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


async def show_refusal(request: Request, error: Exception) -> Response:
    """Answer any refusal with its status and a page."""
    if isinstance(error, PasswordNeeded):
        return ask_password(request, error)
    if isinstance(error, TermsNeeded):
        return await ask_acceptance(request)
    status = error.status if isinstance(error, VitrineError) else 503
    if isinstance(error, ShareClosed):
        view = _describe_closed(error)
    else:
        status = status if status in _TEXTS else 503
        title, text = _TEXTS[status]
        view = NoticeView(style_href(), title, (text,))
    return Response(render_notice(view), status_code=status, media_type="text/html; charset=utf-8")


async def ask_acceptance(request: Request, problem: str = "") -> Response:
    """Show the terms alone, with the form that accepts them."""
    read = partial(
        read_terms,
        request.app.state.installation,
        request.path_params["token"],
        shown=read_cookie(request),
        languages=list_languages(request),
    )
    terms = await run_in_threadpool(read)
    view = TermsView(
        style_href(),
        action=f"/s/{request.path_params['token']}/terms",
        version=terms.version,
        language=terms.language,
        html=render_markdown(terms.text),
        problem=problem,
    )
    return Response(
        render_terms(view),
        status_code=TermsNeeded.status,
        headers={"referrer-policy": "same-origin"},
        media_type="text/html; charset=utf-8",
    )


def ask_password(request: Request, error: PasswordNeeded) -> Response:
    """Show the form that asks for the password, and what was wrong with the last one."""
    view = PasswordView(
        style_href(),
        action=f"/s/{request.path_params['token']}/password",
        problem=_say_problem(error),
    )
    headers = {"referrer-policy": "same-origin"}
    if isinstance(error, TooManyGuesses) and error.until is not None:
        headers["retry-after"] = format_datetime(error.until.astimezone(UTC), usegmt=True)
    return Response(
        render_password(view),
        status_code=error.status,
        headers=headers,
        media_type="text/html; charset=utf-8",
    )


def _say_problem(error: PasswordNeeded) -> str:
    if isinstance(error, PasswordWrong):
        return "This is not the password. Capitals and small letters count."
    if not isinstance(error, TooManyGuesses):
        return ""
    if error.until is None:
        return (
            "Too many wrong passwords were tried. Ask whoever sent you the link to set a new one."
        )
    return f"Too many wrong passwords were tried. Try again after {error.until:%H:%M} UTC."


def _describe_closed(error: ShareClosed) -> NoticeView:
    return NoticeView(
        style_href(),
        title=f"This share closed on {error.closed_on}",
        text=(f"{error.owner} can open it again for you.",),
        address=error.address,
        action=f"Write to {error.owner}",
    )
