"""The doors of the gateway: each asks the gate first, then hands over what it guards."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from gateway.event_writer import EventWriter
from gateway.gate import ask_gate
from gateway.headers import BYTES_POLICY
from gateway.memory import Memory
from gateway.ranges import Part, RangeNotSatisfiable, find_part, is_unchanged
from gateway.threads import run_in_thread
from gateway.transfers import Ending, Transfer, read_first_block
from gateway.visitors import find_visitor
from page_builder.static import static_files, write_theme_file
from services import things, visits
from services.access import Action, Admission
from services.bytesource import ByteSource
from services.errors import ShareNotFound, VitrineError
from services.installation import Installation
from services.logos import read_logo
from services.naming import write_disposition
from services.things import Thing

_HTML = "text/html; charset=utf-8"

#: What a browser may be told of a download; any other type is named as plain bytes.
_HARMLESS = frozenset(
    {"application/zip", "application/pdf", "image/jpeg", "image/png", "image/webp", "image/avif"}
    | {"image/gif", "image/tiff", "image/heic", "video/mp4", "video/webm", "video/quicktime"}
    | {"audio/mpeg", "audio/mp4", "audio/ogg", "audio/wav", "audio/flac"}
)


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
    thing, _ = await _find(request, Action.LOOK, things.find_inline)
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


async def take_asset(request: Request) -> ASGIApp:
    """Hand over one format of one asset."""
    return await _take(request, things.find_download)


async def take_bundle(request: Request) -> ASGIApp:
    """Hand over the zip of the whole share in one format."""
    return await _take(request, things.find_bundle)


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
        await _writer(request).write(event)
        memory.views[event.key] = True


async def _find(request: Request, action: Action, find: Any) -> tuple[Thing, Admission]:
    admission = await ask_gate(request, action)
    memory: Memory = request.app.state.memory
    name, share = _name_format(request), admission.share
    key = (find, share.id, share.current_build, admission.withdrawn, admission.position, name)
    thing = memory.things.get(key)
    if thing is None:
        thing = await run_in_thread(_look_up, request, find, admission, name)
        memory.things[key] = thing
    return thing, admission


def _look_up(request: Request, find: Any, admission: Admission, name: str) -> Thing:
    installation: Installation = request.app.state.installation
    with installation.transaction() as session:
        thing: Thing = find(installation, session, admission, name)
        return thing


def _name_format(request: Request) -> str:
    """Name what is asked for: a format, inside pages with the part whose format it is."""
    name: str = request.path_params["format"]
    part = request.path_params.get("part")
    return name if part is None else f"{part}/{name}"


async def _take(request: Request, find: Any) -> ASGIApp:
    thing, admission = await _find(request, Action.TAKE, find)
    headers = _describe(thing)
    if is_unchanged(request.headers, thing.etag):
        return Response(status_code=304, headers={"etag": headers["etag"]})
    answer = _cut(request, thing, headers)
    if isinstance(answer, Response):
        return answer
    status, whole = answer

    may_go_on = _ask_again(request, Action.TAKE, find)
    return await _begin(request, thing, admission, whole, status, headers, may_go_on)


async def _play(request: Request, thing: Thing, headers: dict[str, str]) -> ASGIApp:
    """Send what a player asks for; to look is not to take, and leaves no event."""
    headers |= {"content-type": thing.media_type, "accept-ranges": "bytes"}
    answer = _cut(request, thing, headers)
    if isinstance(answer, Response):
        return answer
    status, whole = answer
    source, first_block = await run_in_thread(_open, thing, whole)
    may_go_on = _ask_again(request, Action.LOOK, things.find_inline)
    return Transfer(source, whole, first_block, status, headers, _forget_end, may_go_on)


async def _forget_end(ending: Ending, sent: int) -> None:
    """Keep nothing of how a player's request ended."""


def _cut(request: Request, thing: Thing, headers: dict[str, str]) -> Response | tuple[int, Part]:
    """Find which part of a thing is asked for, and complete the headers; HEAD is answered here."""
    try:
        part = find_part(request.headers, size_bytes=thing.size_bytes, etag=thing.etag)
    except RangeNotSatisfiable:
        return Response(status_code=416, headers={"content-range": f"bytes */{thing.size_bytes}"})
    status, whole = (206, part) if part else (200, Part(0, thing.size_bytes))
    headers["content-length"] = str(whole.end - whole.start)
    if part:
        headers["content-range"] = f"bytes {part.start}-{part.end - 1}/{thing.size_bytes}"
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    return status, whole


def _ask_again(request: Request, action: Action, find: Any) -> Callable[[], Awaitable[bool]]:
    async def may_go_on() -> bool:
        """Ask the gate again, in the middle of a transfer."""
        try:
            await _find(request, action, find)
        except VitrineError:
            return False
        return True

    return may_go_on


async def _begin(
    request: Request,
    thing: Thing,
    admission: Admission,
    part: Part,
    status: int,
    headers: dict[str, str],
    may_go_on: Callable[[], Awaitable[bool]],
) -> Transfer:
    writer = _writer(request)
    source, first_block = await run_in_thread(_open, thing, part)
    seals = request.app.state.installation.seals
    download, started = visits.begin_download(seals, admission, thing, find_visitor(request))
    try:
        await writer.write(started)
    except BaseException:
        source.close()
        raise

    async def note_end(ending: Ending, sent: int) -> None:
        if ending is not Ending.COMPLETE:
            event = visits.describe_abort(download, sent=sent, why=ending.value)
        elif sent == thing.size_bytes:
            event = visits.describe_finish(download)
        else:
            return
        await writer.write(event)

    return Transfer(source, part, first_block, status, headers, note_end, may_go_on)


def _open(thing: Thing, part: Part) -> tuple[ByteSource, bytes]:
    source = thing.open()
    return source, read_first_block(source, part)


def _writer(request: Request) -> EventWriter:
    writer: EventWriter = request.app.state.writer
    return writer


def _describe(thing: Thing) -> dict[str, str]:
    is_harmless = thing.media_type in _HARMLESS
    return {
        "content-type": thing.media_type if is_harmless else "application/octet-stream",
        "content-disposition": write_disposition(thing.name),
        "etag": f'"{thing.etag}"',
        "accept-ranges": "bytes",
        "cache-control": "private, no-transform",
        "content-security-policy": BYTES_POLICY,
        # Without it a proxy writes a copy of the zip to its disk.
        "x-accel-buffering": "no",
    }


def _read_whole(thing: Thing) -> bytes:
    source = thing.open()
    try:
        return source.read_at(0, thing.size_bytes)
    finally:
        source.close()
