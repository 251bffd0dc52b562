"""The doors through which files leave: single ones, and zips of many."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp

from gateway.event_writer import EventWriter
from gateway.gate import ask_gate
from gateway.headers import BYTES_POLICY
from gateway.lookup import cut_part, find_thing, make_question, open_part
from gateway.memory import Memory
from gateway.ranges import Part, is_unchanged
from gateway.threads import run_in_thread
from gateway.transfers import Ending, Transfer
from gateway.visitors import check_own_form, find_visitor, read_fields
from services import things, visits
from services.access import Action, Admission
from services.bytesource import ByteSource
from services.errors import BundlePreparing, OriginalChanged, VitrineError
from services.installation import Installation
from services.naming import write_disposition
from services.selections import plan_selection
from services.things import Thing
from services.visits import note_part

#: Ten thousand positions, as a form writes them.
_LARGEST_SELECTION_BYTES = 256 * 1024
#: A position, as a form writes it; what is longer is none.
_POSITION = re.compile("[0-9]{1,9}")

#: What a browser may be told of a download; any other type is named as plain bytes.
_HARMLESS = frozenset(
    {"application/zip", "application/pdf", "image/jpeg", "image/png", "image/webp", "image/avif"}
    | {"image/gif", "image/tiff", "image/heic", "video/mp4", "video/webm", "video/quicktime"}
    | {"audio/mpeg", "audio/mp4", "audio/ogg", "audio/wav", "audio/flac"}
)


async def take_asset(request: Request) -> ASGIApp:
    """Hand over one format of one asset."""
    return await _take(request, things.find_download)


async def take_bundle(request: Request) -> ASGIApp:
    """Hand over the zip of the whole share in one format."""
    return await _take(request, things.find_bundle)


async def take_selection(request: Request) -> ASGIApp:
    """Hand over the zip of what somebody picked."""
    return await _take(request, things.find_selection)


async def select_assets(request: Request) -> Response:
    """Take what a recipient picked, and lead to the zip of it."""
    check_own_form(request)
    admission = await ask_gate(request, Action.TAKE)
    fields = await read_fields(request, most_bytes=_LARGEST_SELECTION_BYTES)
    picked = [int(one) for one in fields.get("pick", []) if _POSITION.fullmatch(one)]
    name = fields.get("format", [""])[-1]
    installation: Installation = request.app.state.installation
    digest = await run_in_thread(plan_selection, installation, admission, picked, name)
    place = f"/s/{request.path_params['token']}/selection/{digest}/{name}"
    return RedirectResponse(place, status_code=303)


async def _take(request: Request, find: Any) -> ASGIApp:
    thing, admission = await find_thing(request, Action.TAKE, find)
    headers = _describe(thing)
    if is_unchanged(request.headers, thing.etag):
        return Response(status_code=304, headers={"etag": headers["etag"]})
    answer = cut_part(request, thing, headers)
    if isinstance(answer, Response):
        return answer
    status, whole = answer

    may_go_on = make_question(request, Action.TAKE, find)
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
    writer, memory = _writer(request), _memory(request)
    source, first_block = await run_in_thread(_open_for_taking, thing, part)
    download, started = visits.begin_download(
        installation.seals, admission, thing, find_visitor(request)
    )
    try:
        await writer.write(started)
    except BaseException:
        source.close()
        raise

    async def note_end(ending: Ending, sent: int, fault: VitrineError | None) -> None:
        if ending is Ending.COMPLETE and sent == thing.size_bytes:
            await writer.write(visits.describe_finish(download))
            return
        if isinstance(fault, OriginalChanged) and thing.on_change is not None:
            await run_in_thread(thing.on_change, fault)
            # The next request may come sooner than the database tells of it.
            memory.forget(str(admission.share.id))
        why = None if ending is Ending.COMPLETE else ending.value
        await run_in_thread(note_part, installation, download, part.start, sent, why)

    return Transfer(source, part, first_block, status, headers, note_end, may_go_on)


def _open_for_taking(thing: Thing, part: Part) -> tuple[ByteSource, bytes]:
    """Open a thing before the status line; a zip that is not what was planned is planned anew."""
    try:
        return open_part(thing, part)
    except OriginalChanged as error:
        if thing.on_change is None:
            raise
        thing.on_change(error)
        raise BundlePreparing from error


def _writer(request: Request) -> EventWriter:
    writer: EventWriter = request.app.state.writer
    return writer


def _memory(request: Request) -> Memory:
    memory: Memory = request.app.state.memory
    return memory


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
