"""Hand the bytes of a thing to a connection, block by block, reading one ahead.

The first block is read before the status line goes out, so that what cannot be read is an error
page and not a broken download. Later trouble breaks the connection: a client must never take half a
file for a whole one.
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum

from starlette.types import Receive, Scope, Send

from gateway.ranges import Part
from gateway.threads import run_in_thread
from services.bytesource import ByteSource
from services.errors import VitrineError

#: Small, so that the first byte waits for few members, however small they are.
_FIRST_BLOCK_BYTES = 64 * 1024
_BLOCK_BYTES = 256 * 1024
#: So many are read in one go: a turn between a thread and the loop costs more than a block does.
#: A transfer holds two such runs, and the server a few blocks.
_RUN_BYTES = 4 * _BLOCK_BYTES

#: So long after a share was closed its last byte may leave.
_ASK_AGAIN_SECONDS = 0.5


class TransferClosed(VitrineError):
    """What is being transferred was closed meanwhile."""


class Ending(Enum):
    """How a transfer ended."""

    COMPLETE = "complete"
    CLIENT_LEFT = "client"
    CLOSED = "closed"
    SOURCE_CHANGED = "changed"


@dataclass
class Transfer:
    """An ASGI response that sends one part of a source; `at_end` is told how it ended."""

    source: ByteSource
    part: Part
    first_block: bytes
    status: int
    headers: dict[str, str]
    at_end: Callable[[Ending, int, VitrineError | None], Awaitable[None]]
    may_go_on: Callable[[], Awaitable[bool]]
    sent: int = 0
    asked_at: float = field(default_factory=time.monotonic)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send the part; whatever happens, close the source and tell how it ended."""
        ending, fault = Ending.CLIENT_LEFT, None
        # What fits into one block is gone before anybody could leave.
        is_long = len(self.first_block) < self.part.end - self.part.start
        gone = asyncio.create_task(_wait_until_gone(receive)) if is_long else None
        try:
            ending = await self._send(send, gone)
        except TransferClosed:
            ending = Ending.CLOSED
            raise
        except VitrineError as error:
            ending, fault = Ending.SOURCE_CHANGED, error
            raise
        finally:
            if gone is not None:
                gone.cancel()
            self.source.close()
            await self.at_end(ending, self.sent, fault)

    async def _send(self, send: Send, gone: asyncio.Task[None] | None) -> Ending:
        headers = [(k.encode(), v.encode("latin-1")) for k, v in self.headers.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        # The first byte goes out before anything is read ahead.
        if not await self._send_blocks(send, deque([self.first_block]), gone):
            return Ending.CLIENT_LEFT
        place = self.part.start + self.sent
        blocks = deque(await self._read(place))
        place += sum(len(block) for block in blocks)
        while blocks:
            following = asyncio.create_task(self._read(place))
            try:
                if not await self._send_blocks(send, blocks, gone):
                    return Ending.CLIENT_LEFT
                blocks = deque(await following)
            finally:
                # The source must not be closed while a thread reads it.
                with contextlib.suppress(VitrineError, asyncio.CancelledError):
                    await following
            place += sum(len(block) for block in blocks)
        return Ending.COMPLETE

    async def _send_blocks(
        self, send: Send, blocks: deque[bytes], gone: asyncio.Task[None] | None
    ) -> bool:
        """Send what was read, and let go of it as it goes; false once the client has left."""
        while blocks:
            if time.monotonic() - self.asked_at >= _ASK_AGAIN_SECONDS:
                if not await self.may_go_on():
                    raise TransferClosed
                self.asked_at = time.monotonic()
            block = blocks.popleft()
            has_more = self.part.start + self.sent + len(block) < self.part.end
            await send({"type": "http.response.body", "body": block, "more_body": has_more})
            self.sent += len(block)
            if has_more and gone is not None and gone.done():
                return False
        return True

    async def _read(self, place: int) -> list[bytes]:
        if place >= self.part.end:
            return []
        return await run_in_thread(_read_run, self.source, place, self.part)


def read_first_block(source: ByteSource, part: Part) -> bytes:
    """Read the beginning of a part; closes the source if that fails."""
    try:
        length = min(_FIRST_BLOCK_BYTES, part.end - part.start)
        return _read_block(source, part.start, length, part)
    except VitrineError:
        source.close()
        raise


def _read_run(source: ByteSource, place: int, part: Part) -> list[bytes]:
    """Read the next blocks of a part."""
    end = min(place + _RUN_BYTES, part.end)
    places = range(place, end, _BLOCK_BYTES)
    return [_read_block(source, at, min(_BLOCK_BYTES, end - at), part) for at in places]


def _read_block(source: ByteSource, place: int, length: int, part: Part) -> bytes:
    block = source.read_at(place, length)
    if place + length >= part.end:
        # Held back until it is sure that nobody wrote to the source while the part was read.
        source.verify()
    return block


async def _wait_until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
