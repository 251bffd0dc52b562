"""The door for terms: accepted by a ticked box and a form that was sent, and by nothing else."""

from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from gateway.notices import ask_acceptance
from gateway.visitors import (
    check_own_form,
    find_visitor,
    give_cookie,
    list_languages,
    read_cookie,
    read_form,
)
from page_builder.wording import say_moment
from services.naming import write_disposition
from services.terms import Acceptance, accept_terms, find_acceptance

_TICKED = "yes"


async def accept(request: Request) -> Response:
    """Put an acceptance on record, and lead to the page; an unticked box gets the form again."""
    check_own_form(request)
    form = await read_form(request)
    if form.get("accepted") != _TICKED:
        return await ask_acceptance(request, "Tick the box if you accept.")
    put_on_record = partial(
        accept_terms,
        request.app.state.installation,
        request.path_params["token"],
        terms=form.get("version", ""),
        visitor=find_visitor(request),
        shown=read_cookie(request),
        languages=(form.get("language", ""), *list_languages(request)),
    )
    visit = await run_in_threadpool(put_on_record)
    response = RedirectResponse(f"/s/{request.path_params['token']}/", status_code=303)
    give_cookie(request, response, visit)
    return response


async def show_receipt(request: Request) -> Response:
    """Hand over what is on record of this browser's acceptance, with the text that it accepted."""
    find = partial(
        find_acceptance,
        request.app.state.installation,
        request.path_params["token"],
        shown=read_cookie(request),
    )
    found = await run_in_threadpool(find)
    headers = {"content-disposition": write_disposition("accepted terms.txt")}
    return PlainTextResponse(_write_receipt(found), headers=headers)


def _write_receipt(found: Acceptance) -> str:
    return (
        f"Accepted   {say_moment(found.accepted_at)}\n"
        f"Act        the box was ticked and the form was sent\n"
        f"Share      {found.share_id}\n"
        f"Event      {found.event_key}\n"
        f"Terms      SHA-256 of all languages: {found.terms.version}\n"
        f"Language   {found.terms.language}\n"
        f"\n{found.terms.text.strip()}\n"
    )
