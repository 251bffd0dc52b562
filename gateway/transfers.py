"""Hand the bytes of a thing to a connection, block by block, reading one ahead.

The first block is read before the status line goes out, so that what cannot be read is an error
page and not a broken download. Later trouble breaks the connection: a client must never take half a
file for a whole one.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum

from starlette.types import Receive, Scope, Send

from gateway.ranges import Part
from gateway.threads import run_in_thread
from services.bytesource import ByteSource
from services.errors import VitrineError

#: Small, so that the first byte waits for few members, however small they are.
_FIRST_BLOCK_BYTES = 64 * 1024
#: A transfer holds two of them; smaller ones cost more turns of the loop for each byte.
_BLOCK_BYTES = 1024 * 1024

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
        place, block = self.part.start, self.first_block
        asked_at = time.monotonic()
        while block:
            if time.monotonic() - asked_at >= _ASK_AGAIN_SECONDS:
                if not await self.may_go_on():
                    raise TransferClosed
                asked_at = time.monotonic()
            place += len(block)
            if place >= self.part.end:
                break
            following = asyncio.create_task(self._read(place))
            try:
                await send({"type": "http.response.body", "body": block, "more_body": True})
                self.sent += len(block)
                block = await following
            except BaseException:
                with contextlib.suppress(VitrineError, asyncio.CancelledError):
                    await following
                raise
            if gone is not None and gone.done() and block:
                return Ending.CLIENT_LEFT
        await send({"type": "http.response.body", "body": block, "more_body": False})
        self.sent += len(block)
        return Ending.COMPLETE

    async def _read(self, place: int) -> bytes:
        length = min(_BLOCK_BYTES, self.part.end - place)
        return await run_in_thread(_read_block, self.source, place, length, self.part)


def read_first_block(source: ByteSource, part: Part) -> bytes:
    """Read the beginning of a part; closes the source if that fails."""
    try:
        length = min(_FIRST_BLOCK_BYTES, part.end - part.start)
        return _read_block(source, part.start, length, part)
    except VitrineError:
        source.close()
        raise


def _read_block(source: ByteSource, place: int, length: int, part: Part) -> bytes:
    block = source.read_at(place, length)
    if place + length >= part.end:
        # Held back until it is sure that nobody wrote to the source while the part was read.
        source.verify()
    return block


async def _wait_until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
