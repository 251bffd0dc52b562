"""A rendering process: takes orders from a pipe, answers each, ends with its parent.

Started as `python -m services.rendering.worker DESCRIPTOR MEMORY_MB`. Orders and answers are JSON:
this process decodes hostile files, so its words must not be able to do more than state facts.
Between an order and its answer stand any number of words about its progress.
"""

import base64
import json
import os
import resource
import select
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any

from services.formats.office import OFFICE_TYPES
from services.formats.recipes import read_recipe
from services.rendering.orders import Failure, RenderOrder, RenderOutcome, Report, WantedOutput
from services.rendering.original import OpenOriginal, RenderFailed, explain_disk
from services.rendering.picture_heads import block_loaders

_MEBIBYTE = 1 << 20
_LARGEST_OUTPUT_BYTES = 1 << 36

#: Who renders which types: the whole type, else its family. Most processes never see a film.
_RENDERERS = {
    "image": "pictures",
    "video": "films",
    "audio": "sounds",
    "application/pdf": "documents",
    "text/vtt": "subtitles",
    "application/x-subrip": "subtitles",
    "text/plain": "texts",
    "text/csv": "texts",
    "text/markdown": "texts",
    **dict.fromkeys(OFFICE_TYPES, "office"),
}

Renderer = Callable[[OpenOriginal, RenderOrder, Report], RenderOutcome]


def main(descriptor: int, memory_mb: int) -> None:
    """Serve orders until the pipe is closed."""
    connection = Connection(descriptor)
    threading.Thread(target=_end_with_parent, args=(descriptor,), daemon=True).start()
    _limit(resource.RLIMIT_AS, memory_mb * _MEBIBYTE)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, _LARGEST_OUTPUT_BYTES)
    block_loaders()

    def report(share: float) -> None:
        connection.send_bytes(json.dumps({"progress": round(share, 4)}).encode())

    while True:
        try:
            order = read_order(connection.recv_bytes())
        except (EOFError, OSError):
            return
        connection.send_bytes(write_answer(_answer(order, report)))


def read_order(message: bytes) -> RenderOrder:
    """Read an order from its JSON."""
    fields = json.loads(message)
    outputs = tuple(
        WantedOutput(one["name"], read_recipe(one["recipe"]), one["path"])
        for one in fields.pop("outputs")
    )
    return RenderOrder(outputs=outputs, **fields)


def write_answer(outcome: RenderOutcome) -> bytes:
    """Write an outcome as JSON, without the order, which the parent has."""
    fields: dict[str, Any] = asdict(outcome)
    del fields["order"]
    fields["facts"] = outcome.facts.write()
    for file in fields["files"]:
        file["sha256"] = base64.b64encode(file["sha256"]).decode()
    return json.dumps(fields).encode()


def find_renderer(media_type: str) -> Renderer:
    """Find who renders originals of a type; each is loaded when the first such original comes.

    Raises:
        RenderFailed: nobody does.
    """
    family = media_type.partition("/")[0]
    name = _RENDERERS.get(media_type) or _RENDERERS.get(family)
    if name is None:
        raise RenderFailed("unsupported", "Files of this kind are not rendered")
    renderer: Renderer = import_module(f"services.rendering.{name}").render
    return renderer


def _answer(order: RenderOrder, report: Report) -> RenderOutcome:
    try:
        with OpenOriginal(order) as original:
            outcome = find_renderer(order.media_type)(original, order, report)
            original.check_unchanged()
            return outcome
    except RenderFailed as error:
        return RenderOutcome(order, failure=error.failure)
    except MemoryError:
        message = "The file needs more memory than is allowed"
        return RenderOutcome(order, failure=Failure("memory", message))
    except OSError as error:
        return RenderOutcome(order, failure=explain_disk(error).failure)


def _limit(which: int, value: int) -> None:
    hard = resource.getrlimit(which)[1]
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    try:
        # The soft limit alone: a program that is started for a film gets more than we have.
        resource.setrlimit(which, (value, hard))
    except (ValueError, OSError):
        # macOS refuses a limit of the address space; the time limit and the header checks remain.
        return


def _end_with_parent(descriptor: int) -> None:
    """End at once when the other side of the pipe is gone, even in the middle of a picture."""
    poll = select.poll()
    poll.register(descriptor, select.POLLHUP)
    poll.poll()
    # With what it started: a process of the pool leads a group of its own.
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
