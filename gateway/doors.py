"""The doors of the gateway: each asks the gate first, then hands over what it guards."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from gateway.event_writer import EventWriter
from gateway.gate import ask_gate
from gateway.headers import BYTES_POLICY
from gateway.lookup import cut_part, find_thing, make_question, open_part
from gateway.memory import Memory
from gateway.ranges import is_unchanged
from gateway.threads import run_in_thread
from gateway.transfers import Ending, Transfer
from gateway.visitors import find_visitor
from page_builder.static import static_files, write_theme_file
from services import things, visits
from services.access import Action, Admission
from services.errors import ShareNotFound, VitrineError
from services.installation import Installation
from services.logos import read_logo
from services.signing import read_public_keys
from services.things import Thing

_HTML = "text/html; charset=utf-8"


async def show_page(request: Request) -> Response:
    """Show one page of the wall."""
    admission = await ask_gate(request, Action.LOOK)
    number = request.path_params.get("number", 1)
    body = await _read_page(request, admission, f"page-{number}.html")
    if number == 1 and request.method == "GET":
        await _note_view(request, admission)
    return Response(body, media_type=_HTML)


async def show_colours(request: Request) -> Response:
    """Show the style sheet of the colours of one page of the wall."""
    admission = await ask_gate(request, Action.LOOK)
    name = f"colours-{request.path_params['number']}.css"
    body = await _read_page(request, admission, name)
    return Response(body, media_type="text/css", headers={"cache-control": "private, max-age=600"})


async def show_asset(request: Request) -> Response:
    """Show the page of one asset."""
    admission = await ask_gate(request, Action.LOOK)
    body = await _read_page(request, admission, f"asset-{admission.position}.html")
    return Response(body, media_type=_HTML)


async def show_inline(request: Request) -> ASGIApp:
    """Show a picture inside a page, or play a film or a sound there."""
    thing, _ = await find_thing(request, Action.LOOK, things.find_inline)
    headers = {
        "etag": f'"{thing.etag}"',
        "cache-control": "private, max-age=600",
        "content-security-policy": BYTES_POLICY,
    }
    if is_unchanged(request.headers, thing.etag):
        return Response(status_code=304, headers=headers)
    if request.app.state.installation.settings.offload_inline:
        # The server in front reads it from the store; who may have it was decided here.
        headers["x-accel-redirect"] = f"/store/{thing.store_key}"
        return Response(media_type=thing.media_type, headers=headers)
    if thing.media_type.startswith(("video/", "audio/")):
        return await _play(request, thing, headers)
    body = await _remember(request, thing.etag, lambda: _read_whole(thing))
    return Response(body, media_type=thing.media_type, headers=headers)


async def show_keys(request: Request) -> Response:
    """Show the public keys with which everybody can check our manifests."""
    installation: Installation = request.app.state.installation
    content = await run_in_thread(read_public_keys, installation)
    return Response(content, media_type="application/json")


async def show_static(request: Request) -> Response:
    """Show a static file; the same for all shares, and for ever the same under its name."""
    file = static_files().get(request.path_params["name"])
    if file is None:
        raise ShareNotFound
    headers = {"cache-control": "public, max-age=31536000, immutable"}
    return Response(file.content, media_type=file.media_type, headers=headers)


async def show_brand(request: Request) -> Response:
    """Show a logo, or the style sheet of a colour; whoever has a link sees them before any gate."""
    name = request.path_params["name"]
    headers = {"cache-control": "public, max-age=31536000, immutable"}
    theme = write_theme_file(name)
    if theme is not None:
        return Response(theme.content, media_type=theme.media_type, headers=headers)
    installation: Installation = request.app.state.installation
    content = await _remember(request, name, lambda: read_logo(installation, name))
    headers["content-security-policy"] = BYTES_POLICY
    return Response(content, media_type="image/webp", headers=headers)


async def _read_page(request: Request, admission: Admission, name: str) -> bytes:
    installation: Installation = request.app.state.installation
    # A build is never changed, so that its id stands for its pages.
    key = f"{admission.share.id}/{admission.share.current_build}/{name}"
    return await _remember(request, key, lambda: things.read_page(installation, admission, name))


async def _remember(request: Request, key: str, read: Callable[[], bytes]) -> bytes:
    """Read something once for all who look at it."""
    memory: Memory = request.app.state.memory
    content = memory.find_bytes(key)
    if content is None:
        content = await run_in_thread(read)
        memory.keep_bytes(key, content)
    return content


async def _note_view(request: Request, admission: Admission) -> None:
    memory: Memory = request.app.state.memory
    seals = request.app.state.installation.seals
    event = visits.describe_view(seals, admission, find_visitor(request))
    if event.key not in memory.views:
        writer: EventWriter = request.app.state.writer
        await writer.write(event)
        memory.views[event.key] = True


async def _play(request: Request, thing: Thing, headers: dict[str, str]) -> ASGIApp:
    """Send what a player asks for; to look is not to take, and leaves no event."""
    headers |= {"content-type": thing.media_type, "accept-ranges": "bytes"}
    answer = cut_part(request, thing, headers)
    if isinstance(answer, Response):
        return answer
    status, whole = answer
    source, first_block = await run_in_thread(open_part, thing, whole)
    may_go_on = make_question(request, Action.LOOK, things.find_inline)
    return Transfer(source, whole, first_block, status, headers, _forget_end, may_go_on)


async def _forget_end(ending: Ending, sent: int, fault: VitrineError | None) -> None:
    """Keep nothing of how a player's request ended."""


def _read_whole(thing: Thing) -> bytes:
    source = thing.open()
    try:
        return source.read_at(0, thing.size_bytes)
    finally:
        source.close()
