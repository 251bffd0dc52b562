"""The doors for formats: plain forms that write a wish down, and a page that tells how far it is."""

import re
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway.gate import ask_gate
from gateway.threads import run_in_thread
from gateway.visitors import check_own_form, read_form
from models.kinds import Actor
from page_builder.pages import render_formats_page
from services.access import Action, Admission
from services.errors import FormatImpossible, RequestRefused
from services.format_pages import view_formats
from services.format_requests import Asker, cancel_request, choose_format, request_format
from services.format_wishes import FormatWish, read_custom_form
from services.formats.catalogue import NAME_PATTERN
from services.installation import Installation

_HTML = "text/html; charset=utf-8"


async def show_formats(request: Request) -> Response:
    """Show what can be asked for; a form that was sent with GET is answered with what it would be."""
    admission = await ask_gate(request, Action.TAKE)
    fields = {name: value[:20] for name, value in request.query_params.items()}
    return await _show(request, admission, fields)


async def ask_format(request: Request) -> Response:
    """Take a wish, and lead back to the page that tells how far it is."""
    check_own_form(request)
    admission = await ask_gate(request, Action.TAKE)
    fields = await read_form(request)
    try:
        await run_in_thread(_write_down, request, admission, fields)
    except (RequestRefused, ValueError) as error:
        status = error.status if isinstance(error, RequestRefused) else RequestRefused.status
        return await _show(request, admission, fields, problem=str(error), status=status)
    return RedirectResponse(request.url.path, status_code=303)


async def cancel_format(request: Request) -> Response:
    """Cancel a wish of this link's own, and lead back."""
    check_own_form(request)
    admission = await ask_gate(request, Action.TAKE)
    position = await run_in_thread(_cancel, request, admission)
    place = f"a/{position}/formats/" if position else "formats/"
    return RedirectResponse(f"/s/{request.path_params['token']}/{place}", status_code=303)


async def _show(
    request: Request,
    admission: Admission,
    fields: dict[str, str],
    *,
    problem: str = "",
    status: int = 200,
) -> Response:
    body = await run_in_thread(_render, request, admission, fields, problem)
    # The form is sent with its origin, by which it is known to be ours.
    headers = {"referrer-policy": "same-origin"}
    return Response(body, status_code=status, headers=headers, media_type=_HTML)


def _render(request: Request, admission: Admission, fields: dict[str, str], problem: str) -> bytes:
    installation: Installation = request.app.state.installation
    with installation.transaction() as session:
        view = view_formats(session, admission, fields, problem)
    return render_formats_page(view)


def _write_down(request: Request, admission: Admission, fields: dict[str, str]) -> None:
    installation: Installation = request.app.state.installation
    name = fields.get("format", "")
    if name and not re.fullmatch(NAME_PATTERN, name):
        raise FormatImpossible("there is no such format")
    custom = {} if name else {"custom": read_custom_form(fields)}
    wish = FormatWish(format=name, **custom)
    asker = Asker(Actor.RECIPIENT, admission.grant.id)
    with installation.transaction() as session:
        wanted = choose_format(session, wish)
        request_format(session, admission.share, admission.position or 0, wanted, asker)


def _cancel(request: Request, admission: Admission) -> int:
    installation: Installation = request.app.state.installation
    wish: UUID = request.path_params["request"]
    with installation.transaction() as session:
        return cancel_request(
            session, wish, share_id=admission.share.id, grant_id=admission.grant.id
        )
