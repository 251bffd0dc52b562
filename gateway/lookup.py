"""Find what a request may have, the part of it that is asked for, and its bytes."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from gateway.gate import ask_gate
from gateway.memory import Memory
from gateway.ranges import Part, RangeNotSatisfiable, find_part
from gateway.threads import run_in_thread
from gateway.transfers import read_first_block
from services.access import Action, Admission
from services.bytesource import ByteSource
from services.errors import VitrineError
from services.installation import Installation
from services.things import Thing


async def find_thing(request: Request, action: Action, find: Any) -> tuple[Thing, Admission]:
    """Ask the gate, and find what the address names; `find` is one of `services.things`."""
    admission = await ask_gate(request, action)
    memory: Memory = request.app.state.memory
    name, share = _name_format(request), admission.share
    key = (find, share.id, share.current_build, admission.withdrawn, admission.position, name)
    thing = memory.things.get(key)
    if thing is None:
        forgotten = memory.forgotten
        thing = await run_in_thread(_look_up, request, find, admission, name)
        if memory.forgotten == forgotten:
            memory.things[key] = thing
    return thing, admission


def _look_up(request: Request, find: Any, admission: Admission, name: str) -> Thing:
    installation: Installation = request.app.state.installation
    with installation.transaction() as session:
        thing: Thing = find(installation, session, admission, name)
        return thing


def _name_format(request: Request) -> str:
    """Name what is asked for: a format, with the part or the selection whose format it is."""
    name: str = request.path_params["format"]
    given = request.path_params
    part = given.get("part", given.get("selection"))
    return name if part is None else f"{part}/{name}"


def cut_part(
    request: Request, thing: Thing, headers: dict[str, str]
) -> Response | tuple[int, Part]:
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


def make_question(request: Request, action: Action, find: Any) -> Callable[[], Awaitable[bool]]:
    """Make the question whether a transfer that is under way may go on."""

    async def may_go_on() -> bool:
        """Ask the gate again, in the middle of a transfer."""
        try:
            await find_thing(request, action, find)
        except VitrineError:
            return False
        return True

    return may_go_on


def open_part(thing: Thing, part: Part) -> tuple[ByteSource, bytes]:
    """Open a thing, and read the first block of a part of it; for a thread."""
    source = thing.open()
    return source, read_first_block(source, part)
