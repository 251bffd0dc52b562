"""The doors of the gateway: each asks the gate first, then hands over what it guards."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gateway.headers import BYTES_POLICY
from gateway.ranges import Part, RangeNotSatisfiable, find_part, is_unchanged
from gateway.transfers import Ending, Transfer, read_first_block
from gateway.visitors import find_visitor, read_cookie
from page_builder.static import static_files
from services import things, visits
from services.access import Action, Admission, admit
from services.errors import ShareNotFound, VitrineError
from services.installation import Installation
from services.naming import write_disposition
from services.things import Thing

#: What a browser may be told of a download; any other type is named as plain bytes.
_HARMLESS = frozenset(
    {"application/zip", "application/pdf", "image/jpeg", "image/png", "image/webp", "image/avif"}
    | {"image/gif", "image/tiff", "image/heic", "video/mp4", "video/webm", "video/quicktime"}
    | {"audio/mpeg", "audio/mp4", "audio/ogg", "audio/wav", "audio/flac"}
)


async def show_page(request: Request) -> Response:
    """Show one page of the wall."""
    number = request.path_params.get("number", 1)
    return await _show(request, f"page-{number}", position=None, is_view=number == 1)


async def show_asset(request: Request) -> Response:
    """Show the page of one asset."""
    position = request.path_params["position"]
    return await _show(request, f"asset-{position}", position=position, is_view=False)


async def show_inline(request: Request) -> Response:
    """Show a picture inside a page."""
    thing, _ = await run_in_threadpool(_find, request, Action.LOOK, things.find_inline)
    headers = {
        "etag": f'"{thing.etag}"',
        "cache-control": "private, max-age=600",
        "content-security-policy": BYTES_POLICY,
    }
    if is_unchanged(request.headers, thing.etag):
        return Response(status_code=304, headers=headers)
    body = await run_in_threadpool(_read_whole, thing)
    return Response(body, media_type=thing.media_type, headers=headers)


async def take_asset(request: Request) -> Any:
    """Hand over one format of one asset."""
    return await _take(request, things.find_download)


async def take_bundle(request: Request) -> Any:
    """Hand over the zip of the whole share in one format."""
    return await _take(request, things.find_bundle)


async def show_static(request: Request) -> Response:
    """Show a static file; the same for all shares, and for ever the same under its name."""
    file = static_files().get(request.path_params["name"])
    if file is None:
        raise ShareNotFound
    headers = {"cache-control": "public, max-age=31536000, immutable"}
    return Response(file.content, media_type=file.media_type, headers=headers)


async def _show(request: Request, name: str, *, position: int | None, is_view: bool) -> Response:
    body = await run_in_threadpool(_read_page, request, name, position, is_view=is_view)
    return Response(body, media_type="text/html; charset=utf-8")


def _read_page(request: Request, name: str, position: int | None, *, is_view: bool) -> bytes:
    installation: Installation = request.app.state.installation
    with installation.transaction() as session:
        admission = _ask_gate(request, session, Action.LOOK, position)
    body = things.read_page(installation, admission, name)
    if is_view and request.method == "GET":
        visits.note_view(installation, admission, find_visitor(request))
    return body


def _ask_gate(
    request: Request, session: Any, action: Action, position: int | None = None
) -> Admission:
    installation: Installation = request.app.state.installation
    token, shown = request.path_params["token"], read_cookie(request)
    return admit(session, installation.seals, token, action=action, position=position, shown=shown)


def _may_go_on(request: Request, find: Any) -> bool:
    """Ask the gate again, in the middle of a transfer."""
    try:
        _find(request, Action.TAKE, find)
    except VitrineError:
        return False
    return True


def _find(request: Request, action: Action, find: Any) -> tuple[Thing, Admission]:
    installation: Installation = request.app.state.installation
    params = request.path_params
    with installation.transaction() as session:
        admission = _ask_gate(request, session, action, params.get("position"))
        return find(installation, session, admission, params["format"]), admission


async def _take(request: Request, find: Any) -> Any:
    thing, admission = await run_in_threadpool(_find, request, Action.TAKE, find)
    headers = _describe(thing)
    if is_unchanged(request.headers, thing.etag):
        return Response(status_code=304, headers={"etag": headers["etag"]})
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
    may_go_on = partial(run_in_threadpool, _may_go_on, request, find)
    return await _begin(request, thing, admission, whole, status, headers, may_go_on)


async def _begin(
    request: Request,
    thing: Thing,
    admission: Admission,
    part: Part,
    status: int,
    headers: dict[str, str],
    may_go_on: Callable[[], Awaitable[bool]],
) -> Transfer:
    installation: Installation = request.app.state.installation
    source = await run_in_threadpool(thing.open)
    first_block = await run_in_threadpool(read_first_block, source, part)
    start = partial(visits.note_start, installation, admission, thing, find_visitor(request))
    try:
        download = await run_in_threadpool(start)
    except BaseException:
        source.close()
        raise

    async def note_end(ending: Ending, sent: int) -> None:
        is_whole = ending is Ending.COMPLETE and sent == thing.size_bytes
        if is_whole:
            await run_in_threadpool(visits.note_finish, installation, download)
        elif ending is not Ending.COMPLETE:
            note = partial(visits.note_abort, installation, download, sent=sent, why=ending.value)
            await run_in_threadpool(note)

    return Transfer(source, part, first_block, status, headers, note_end, may_go_on)


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
