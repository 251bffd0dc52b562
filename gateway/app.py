"""The gateway: an ASGI app through which recipients see generated pages and fetch bytes.

The table of routes is complete: what is not in it does not exist, and every route but the static
files, the public keys and the two health checks asks the gate.
"""

import asyncio
import contextlib
import gc
import logging
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from gateway import doors, formats, taking
from gateway.accepting import accept, show_receipt
from gateway.event_writer import EventWriter
from gateway.headers import SafeHeaders
from gateway.memory import Memory, hear_changes
from gateway.notices import show_refusal
from gateway.unlocking import unlock_share
from services.clock import WARN_SECONDS, check_clock, say_skew
from services.errors import ClockOff, DatabaseAway, ShareNotFound, VitrineError
from services.installation import Installation, get_installation
from services.live_rights import LiveRights

#: A request makes some hundred objects and leaves no cycles: to look for them after 700 is too often.
_ALLOCATIONS_BEFORE_COLLECTING = 20_000
_CLOCK_SECONDS = 60.0


async def be_alive(request: Request) -> Response:  # noqa: ARG001
    """Say that the process runs."""
    return PlainTextResponse("alive")


async def be_ready(request: Request) -> Response:
    """Say whether the database answers, and whether this machine's clock is right."""
    try:
        skew = await run_in_threadpool(check_clock, request.app.state.installation)
    except (DatabaseAway, ClockOff) as error:
        return PlainTextResponse(str(error), status_code=error.status)
    is_off = abs(skew) > WARN_SECONDS
    return PlainTextResponse(f"ready, but the clock is {say_skew(skew)}" if is_off else "ready")


ROUTES = [
    Route("/s/{token}/", doors.show_page),
    Route("/s/{token}/page/{number:int}/", doors.show_page),
    Route("/s/{token}/page/{number:int}/colours.css", doors.show_colours),
    Route("/s/{token}/a/{position:int}/", doors.show_asset),
    Route("/s/{token}/i/{position:int}/{part:int}/{format}", doors.show_inline),
    Route("/s/{token}/d/{position:int}/{format}", taking.take_asset),
    Route("/s/{token}/bundle/{format}", taking.take_bundle),
    Route("/s/{token}/selection", taking.select_assets, methods=["POST"]),
    Route("/s/{token}/selection/{selection}/{format}", taking.take_selection),
    Route("/s/{token}/formats/", formats.show_formats),
    Route("/s/{token}/formats/", formats.ask_format, methods=["POST"]),
    Route("/s/{token}/a/{position:int}/formats/", formats.show_formats),
    Route("/s/{token}/a/{position:int}/formats/", formats.ask_format, methods=["POST"]),
    Route("/s/{token}/formats/{request:uuid}/cancel", formats.cancel_format, methods=["POST"]),
    Route("/s/{token}/password", unlock_share, methods=["POST"]),
    Route("/s/{token}/terms", accept, methods=["POST"]),
    Route("/s/{token}/receipt", show_receipt),
    Route("/static/{name}", doors.show_static),
    Route("/brand/{name}", doors.show_brand),
    Route("/keys.json", doors.show_keys),
    Route("/healthz", be_alive),
    Route("/readyz", be_ready),
]


def create_app(installation: Installation) -> ASGIApp:
    """Make the gateway of an installation."""
    app = Starlette(
        lifespan=_run,
        routes=ROUTES,
        exception_handlers={
            VitrineError: show_refusal,
            HTTPException: _show_http_error,
            Exception: show_refusal,
        },
    )
    app.state.installation = installation
    app.state.memory = Memory(installation.settings.gate_memory_ms / 1000)
    app.state.rights = LiveRights(installation)
    app.state.writer = EventWriter(installation)
    # Outermost, so that even the answer to an error of ours carries the headers.
    return SafeHeaders(app)


@contextlib.asynccontextmanager
async def _run(app: Starlette) -> AsyncIterator[None]:
    """Listen to the database for as long as the gateway runs, and leave no event unwritten."""
    installation: Installation = app.state.installation
    listening = asyncio.create_task(hear_changes(installation, app.state.memory))
    is_ending = asyncio.Event()
    watching = asyncio.create_task(_watch_clock(installation, is_ending))
    try:
        yield
    finally:
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening
        # It is not cancelled: its thread would go on with a connection that nobody closes.
        is_ending.set()
        await watching
        await app.state.writer.close()


async def _watch_clock(installation: Installation, is_ending: asyncio.Event) -> None:
    """Tell once a minute, in the log, of a clock that is off; `/readyz` says what follows from it."""
    while not is_ending.is_set():
        with contextlib.suppress(ClockOff, DatabaseAway):
            await run_in_threadpool(check_clock, installation)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(is_ending.wait(), _CLOCK_SECONDS)


def create() -> ASGIApp:
    """Make the gateway that this process's settings describe; what the server calls."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    app = create_app(get_installation())
    # What was loaded stays: the collector need not look at it again with every request.
    gc.collect()
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS_BEFORE_COLLECTING)
    return app


async def _show_http_error(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException) and error.status_code == 405:  # noqa: PLR2004
        return PlainTextResponse("Method not allowed", status_code=405, headers=error.headers)
    return await show_refusal(request, ShareNotFound())
