"""A rendering process: takes orders from a pipe, answers each, ends with its parent.

Started as `python -m services.rendering.worker DESCRIPTOR MEMORY_MB`. Orders and answers are JSON:
this process decodes hostile files, so its words must not be able to do more than state facts.
"""

import base64
import json
import os
import resource
import select
import sys
import threading
from dataclasses import asdict
from multiprocessing.connection import Connection
from typing import Any

from services.formats import Recipe
from services.rendering.orders import RenderOrder, RenderOutcome, WantedOutput
from services.rendering.pyramid import RenderFailed, block_loaders, render

_MEBIBYTE = 1 << 20
_LARGEST_OUTPUT_BYTES = 1 << 30


def main(descriptor: int, memory_mb: int) -> None:
    """Serve orders until the pipe is closed."""
    connection = Connection(descriptor)
    threading.Thread(target=_end_with_parent, args=(descriptor,), daemon=True).start()
    _limit(resource.RLIMIT_AS, memory_mb * _MEBIBYTE)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, _LARGEST_OUTPUT_BYTES)
    block_loaders()
    while True:
        try:
            order = read_order(connection.recv_bytes())
        except (EOFError, OSError):
            return
        connection.send_bytes(write_answer(_answer(order)))


def read_order(message: bytes) -> RenderOrder:
    """Read an order from its JSON."""
    fields = json.loads(message)
    outputs = tuple(
        WantedOutput(one["name"], Recipe(**one["recipe"]), one["path"])
        for one in fields.pop("outputs")
    )
    return RenderOrder(outputs=outputs, **fields)


def write_answer(outcome: RenderOutcome) -> bytes:
    """Write an outcome as JSON, without the order, which the parent has."""
    fields: dict[str, Any] = asdict(outcome)
    del fields["order"]
    for file in fields["files"]:
        file["sha256"] = base64.b64encode(file["sha256"]).decode()
    return json.dumps(fields).encode()


def _answer(order: RenderOrder) -> RenderOutcome:
    try:
        return render(order)
    except RenderFailed as error:
        return RenderOutcome(order, failure=error.failure, message=error.message)
    except MemoryError:
        message = "The picture needs more memory than is allowed"
        return RenderOutcome(order, failure="memory", message=message)
    except OSError as error:
        return RenderOutcome(order, failure="unreadable", message=f"{error.strerror}")


def _limit(which: int, value: int) -> None:
    hard = resource.getrlimit(which)[1]
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    try:
        resource.setrlimit(which, (value, hard))
    except (ValueError, OSError):
        # macOS refuses a limit of the address space; the time limit and the header checks remain.
        return


def _end_with_parent(descriptor: int) -> None:
    """End at once when the other side of the pipe is gone, even in the middle of a picture."""
    poll = select.poll()
    poll.register(descriptor, select.POLLHUP)
    poll.poll()
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
