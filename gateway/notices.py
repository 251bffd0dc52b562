"""From a refusal to the page that a recipient sees: one sentence, no more than they may know."""

import asyncio
import logging
import secrets
import traceback
from datetime import UTC
from email.utils import format_datetime
from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gateway.gate import find_brand
from gateway.memory import Memory
from gateway.visitors import find_visitor, list_languages, read_cookie
from page_builder.markdown import render_markdown
from page_builder.pages import render_notice, render_password, render_terms
from page_builder.static import style_href
from page_builder.views import NO_BRAND, BrandView, NoticeView, PasswordView, TermsView
from services.errors import (
    BundlePreparing,
    ForeignForm,
    LinkUnknown,
    PasswordNeeded,
    PasswordWrong,
    SelectionEmpty,
    ShareClosed,
    ShareEmpty,
    ShareNotFound,
    TermsNeeded,
    TooManyGuesses,
    TooManyUnknownLinks,
    VitrineError,
)
from services.terms import read_terms

log = logging.getLogger(__name__)

_MOST_UNKNOWN = 30
#: So long a page about a failure waits for its brand.
_BRAND_SECONDS = 1.0
#: Which answers say when to come again, in seconds.
_RETRY_SECONDS = {429: 3600, 503: 30}

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
    429: (
        "Too many addresses that do not exist",
        "Somebody in your network tried out many of them. A link that was sent to you still opens.",
    ),
    503: ("Not available at the moment", "Please try again in a few minutes."),
}

_OWN_TEXTS: dict[type[VitrineError], tuple[str, str]] = {
    ShareEmpty: (
        "There are no files here at the moment",
        "Everything was taken out of this share. Ask whoever sent you the link.",
    ),
    ForeignForm: (
        "This form was not sent from our page",
        "Open the link again, and fill in the form there.",
    ),
    BundlePreparing: (
        "This zip is being prepared again",
        (
            "Something in it has changed since it was shared. Try again in a minute: what is no"
            " longer available is then named inside."
        ),
    ),
    SelectionEmpty: (
        "Nothing was picked",
        "Go back to the page, tick the files that you want, and send them again.",
    ),
}


async def show_refusal(request: Request, error: Exception) -> Response:
    """Answer any refusal with its status and a page."""
    if isinstance(error, PasswordNeeded):
        return await ask_password(request, error)
    if isinstance(error, TermsNeeded):
        return await ask_acceptance(request)
    if isinstance(error, LinkUnknown):
        error = _count_unknown(request, error)
    if isinstance(error, VitrineError) and error.status in (*_TEXTS, ShareClosed.status):
        has_brand = not isinstance(error, ShareNotFound | TooManyUnknownLinks)
        brand = await find_brand(request) if has_brand else NO_BRAND
        status, view = error.status, _describe(error, brand)
    else:
        status, view = 503, _describe_failure(error, await _find_brand_soon(request))
    headers = {"retry-after": str(_RETRY_SECONDS[status])} if status in _RETRY_SECONDS else None
    return Response(
        render_notice(view),
        status_code=status,
        headers=headers,
        media_type="text/html; charset=utf-8",
    )


def _count_unknown(request: Request, error: LinkUnknown) -> VitrineError:
    """Tell a network that tries out addresses to stop; a genuine one opens all the same."""
    memory: Memory = request.app.state.memory
    count = memory.count_unknown(find_visitor(request).address)
    if count == _MOST_UNKNOWN + 1:
        log.warning("a network asked for more than %d addresses that do not exist", _MOST_UNKNOWN)
    return error if count <= _MOST_UNKNOWN else TooManyUnknownLinks()


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
        brand=await find_brand(request),
    )
    return Response(
        render_terms(view),
        status_code=TermsNeeded.status,
        headers={"referrer-policy": "same-origin"},
        media_type="text/html; charset=utf-8",
    )


async def ask_password(request: Request, error: PasswordNeeded) -> Response:
    """Show the form that asks for the password, and what was wrong with the last one."""
    view = PasswordView(
        style_href(),
        action=f"/s/{request.path_params['token']}/password",
        problem=_say_problem(error),
        brand=await find_brand(request),
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


def _describe(error: VitrineError, brand: BrandView) -> NoticeView:
    if isinstance(error, ShareClosed):
        return _describe_closed(error, brand)
    title, text = _OWN_TEXTS.get(type(error)) or _TEXTS[error.status]
    return NoticeView(style_href(), title, (text,), brand=brand)


async def _find_brand_soon(request: Request) -> BrandView:
    """Find the brand for a page about a failure, unless what failed keeps it from being found."""
    try:
        return await asyncio.wait_for(find_brand(request), _BRAND_SECONDS)
    except Exception:  # noqa: BLE001 - a second failure must not hide the first
        return NO_BRAND


def _describe_failure(error: Exception, brand: BrandView) -> NoticeView:
    """Say that it is our fault, with a number by which the operator finds it in the log."""
    number = secrets.token_hex(4)
    # Where it happened and what kind it was; its words could hold a token or a name.
    places = "".join(traceback.format_tb(error.__traceback__))
    log.error("failure %s: %s\n%s", number, type(error).__name__, places)
    texts = ("It is not your fault, and nothing is lost.", f"If you tell us, name number {number}.")
    return NoticeView(style_href(), "Something went wrong on our side", texts, brand=brand)


def _describe_closed(error: ShareClosed, brand: BrandView) -> NoticeView:
    return NoticeView(
        style_href(),
        title=f"This share closed on {error.closed_on}",
        text=(f"{error.owner} can open it again for you.",),
        address=brand.contact or error.address,
        action=f"Write to {(brand.company or brand.contact) if brand.contact else error.owner}",
        brand=brand,
    )
