"""Who asks: the address, the browser, and the sealed visit that it shows."""

import hashlib
from urllib.parse import parse_qs, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from services.errors import ForeignForm
from services.installation import Installation
from services.networks import find_client, read_networks
from services.visit_seals import KEPT
from services.visitors import Visitor, describe_visitor

_LARGEST_FORM_BYTES = 4096
_OWN_SITES = frozenset({"same-origin", "none"})


def find_visitor(request: Request) -> Visitor:
    """Find out who asks, as far as a request tells."""
    installation: Installation = request.app.state.installation
    peer = request.client.host if request.client else ""
    trusted = read_networks(installation.settings.trusted_proxies)
    forwarded = ",".join(request.headers.getlist("x-forwarded-for")) if trusted else ""
    address = find_client(peer, forwarded, trusted) if forwarded else peer
    return describe_visitor(address, request.headers)


def list_languages(request: Request) -> tuple[str, ...]:
    """List the languages that the browser asks for, the most wanted first (RFC 9110, 12.5.4)."""
    wanted = []
    for part in request.headers.get("accept-language", "")[:200].split(","):
        name, _, quality = part.strip().partition(";q=")
        try:
            wanted.append((float(quality or 1), name))
        except ValueError:
            continue
    return tuple(name for _, name in sorted(wanted, key=lambda one: -one[0]) if name)


async def read_form(request: Request) -> dict[str, str]:
    """Read a small form; one that is too large has no fields."""
    fields = await read_fields(request, most_bytes=_LARGEST_FORM_BYTES)
    return {name: values[0] for name, values in fields.items()}


async def read_fields(request: Request, *, most_bytes: int) -> dict[str, list[str]]:
    """Read a form whose fields may come several times; one that is too large has no fields."""
    body = bytearray()
    async for block in request.stream():
        body += block
        if len(body) > most_bytes:
            return {}
    return parse_qs(body.decode(errors="replace"), keep_blank_values=True)


def read_cookie(request: Request) -> str:
    """Read the visit that the browser shows for this link."""
    return request.cookies.get(_name_cookie(request), "")


def give_cookie(request: Request, response: Response, visit: str) -> None:
    """Give the browser a visit of this link to keep; no script can read it."""
    response.set_cookie(
        _name_cookie(request),
        visit,
        max_age=int(KEPT.total_seconds()),
        path="/",
        secure=_is_public(request),
        httponly=True,
        # Not strict: the first click from a web mailer must bring it along.
        samesite="lax",
    )


def check_own_form(request: Request) -> None:
    """Refuse a form that another site sent in the visitor's name.

    Browsers say where a request comes from (Fetch Metadata); those that do not must name our
    origin.

    Raises:
        ForeignForm: it comes from elsewhere, or nothing says where from.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site not in _OWN_SITES:
            raise ForeignForm
        return
    sender = request.headers.get("origin") or request.headers.get("referer", "")
    if urlsplit(sender)[:2] != urlsplit(_public_url(request))[:2]:
        raise ForeignForm


def _name_cookie(request: Request) -> str:
    """Name the cookie after the link, by a digest that says nothing of it."""
    token = request.path_params["token"]
    name = hashlib.sha256(f"visit:{token}".encode()).hexdigest()[:10]
    # The prefix makes browsers refuse one that was set without https; on loopback there is none.
    return f"__Host-vitrine-{name}" if _is_public(request) else f"vitrine-{name}"


def _is_public(request: Request) -> bool:
    return _public_url(request).startswith("https:")


def _public_url(request: Request) -> str:
    installation: Installation = request.app.state.installation
    return installation.settings.public_url
