"""The door for passwords: the one form of the gateway that lets anybody in."""

import asyncio
import time
from functools import partial

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway.visitors import check_own_form, find_visitor, give_cookie, read_cookie, read_form
from services.errors import PasswordNeeded
from services.passwords import LONGEST
from services.unlocking import unlock

_FLOOR_SECONDS = 0.3
#: Each check takes 19 MiB and a processor for 40 ms: more at once would stop everybody else.
_CHECKS_AT_ONCE = 2


async def unlock_share(request: Request) -> Response:
    """Take a password, and lead to the page with a visit; a wrong one gets the form again."""
    check_own_form(request)
    password = (await read_form(request)).get("password", "")[:LONGEST]
    began = time.monotonic()
    check = partial(
        unlock,
        request.app.state.installation,
        request.path_params["token"],
        password,
        visitor=find_visitor(request),
        shown=read_cookie(request),
    )
    try:
        visit = await run_sync(check, limiter=_find_limiter(request))
    except PasswordNeeded:
        # As long whether it was checked or not: the time says nothing.
        await asyncio.sleep(max(0.0, _FLOOR_SECONDS - (time.monotonic() - began)))
        raise
    response = RedirectResponse(f"/s/{request.path_params['token']}/", status_code=303)
    give_cookie(request, response, visit)
    return response


def _find_limiter(request: Request) -> CapacityLimiter:
    state = request.app.state
    if not hasattr(state, "password_checks"):
        state.password_checks = CapacityLimiter(_CHECKS_AT_ONCE)
    limiter: CapacityLimiter = state.password_checks
    return limiter
