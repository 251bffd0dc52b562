"""What one gateway remembers, so that thousands of looks do not become thousands of questions.

Where a link stands is remembered for half a second at most, and forgotten at once when the database
tells that it changed; what a build made is never changed, and remembered while there is room.
Everything here is used from the event loop alone.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any
from uuid import UUID

from cachetools import LRUCache, TTLCache

from page_builder.views import BrandView
from services.errors import VitrineError
from services.installation import Installation
from services.links import hash_token
from services.listening import listening
from services.networks import find_network
from services.standing import Standing
from services.things import Thing

log = logging.getLogger(__name__)

#: Reads where a link stands, from the database.
_Read = Callable[[], Coroutine[Any, Any, Standing]]

_MOST_LINKS = 10_000
_MOST_THINGS = 50_000
_MOST_BRANDS = 1000
_MOST_VIEWS = 100_000
_MOST_BYTES = 32 * 1024 * 1024
#: Larger than this, a picture is read from the store each time.
_LARGEST_KEPT_BYTES = 256 * 1024
_MOST_NETWORKS = 10_000
_UNKNOWN_SECONDS = 3600
_LISTEN_AGAIN_SECONDS = 1.0
#: Most answers are on their way by then.
_LATER_SECONDS = 0.02
#: So many links are read anew before what is remembered of them ends, though nobody asks just then,
#: for as long as somebody asked within so many seconds.
_MOST_KEPT = 8
_KEPT_SECONDS = 5.0


class Memory:
    """One gateway's memory; with `seconds` 0 it reads where a link stands for every request."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._standings: TTLCache[bytes, Standing] = TTLCache(_MOST_LINKS, seconds)
        self._reading: dict[bytes, asyncio.Task[Standing]] = {}
        #: When links that are remembered were asked for last.
        self._asked_at: dict[bytes, float] = {}
        #: By all that decides what a thing is: share, build, what was withdrawn, place and format.
        self.things: LRUCache[Any, Thing] = LRUCache(_MOST_THINGS)
        self.views: LRUCache[UUID, bool] = LRUCache(_MOST_VIEWS)
        self.brands: LRUCache[UUID | None, BrandView] = LRUCache(_MOST_BRANDS)
        self._unknown: TTLCache[str, list[int]] = TTLCache(_MOST_NETWORKS, _UNKNOWN_SECONDS)
        #: How often something was forgotten: what was being read meanwhile may be old.
        self.forgotten = 0
        self._bytes: LRUCache[str, bytes] = LRUCache(_MOST_BYTES, getsizeof=len)

    async def find_standing(self, token: str, read: _Read) -> tuple[Standing, datetime]:
        """Find where a link stands, with the database's time; all who ask at once ask once."""
        if not self._seconds:
            standing = await read()
            return standing, standing.read_at
        key = hash_token(token)
        known = self._standings.get(key)
        if known is None:
            # Whoever leaves early must not take the answer from the others.
            known = await asyncio.shield(self._read_once(key, read))
        elif time.monotonic() - known.counted_from > self._seconds / 2:
            # Read anew while it still holds: where many ask, nobody waits for the database. What goes
            # wrong with that is told to whoever asks when it holds no more.
            self._read_once(key, lambda: _read_later(read)).add_done_callback(_let_go)
        self._asked_at[key] = time.monotonic()
        return known, known.count_on()

    def _read_once(self, key: bytes, read: _Read) -> asyncio.Task[Standing]:
        if key not in self._reading:
            self._reading[key] = asyncio.create_task(self._read(key, read))
        return self._reading[key]

    async def _read(self, key: bytes, read: _Read) -> Standing:
        me = asyncio.current_task()
        try:
            standing = await read()
        except BaseException:
            self._asked_at.pop(key, None)
            raise
        finally:
            is_current = self._reading.get(key) is me
            if is_current:
                del self._reading[key]
        if is_current:
            self._standings[key] = standing
            loop = asyncio.get_running_loop()
            loop.call_later(self._seconds * 0.8, self._keep, key, standing, read)
        return standing

    def _keep(self, key: bytes, standing: Standing, read: _Read) -> None:
        """Read a link anew that may soon be asked for again: whoever asks then need not wait."""
        current = self._standings.get(key)
        if current is not None and current is not standing:
            return
        idle_seconds = time.monotonic() - self._asked_at.get(key, 0.0)
        if idle_seconds < _KEPT_SECONDS and len(self._asked_at) <= _MOST_KEPT:
            self._read_once(key, read).add_done_callback(_let_go)
        else:
            self._asked_at.pop(key, None)

    def forget(self, share_id: str) -> None:
        """Forget where the links of a share stand; what is being read may be old already."""
        self._reading.clear()
        gone = [key for key, one in self._standings.items() if str(one.share.id) == share_id]
        for key in gone:
            self._standings.pop(key, None)
        self.forgotten += 1
        for thing in [one for one in self.things if one[1] == UUID(share_id)]:
            self.things.pop(thing, None)

    def forget_all(self) -> None:
        """Forget all that may have changed unheard."""
        self._reading.clear()
        self._standings.clear()
        self.things.clear()
        self.forgotten += 1

    def count_unknown(self, address: str) -> int:
        """Count an address that does not exist, and say how many this network asked for in an hour.

        Only what does not exist is counted, so that nobody's genuine link is ever refused for it.
        """
        counter: list[int] = self._unknown.setdefault(find_network(address), [0])
        counter[0] += 1
        return counter[0]

    def find_bytes(self, key: str) -> bytes | None:
        """Find a page or a picture by a key that names its content or its build."""
        return self._bytes.get(key)

    def keep_bytes(self, key: str, content: bytes) -> None:
        """Remember a page or a picture."""
        if len(content) <= _LARGEST_KEPT_BYTES:
            self._bytes[key] = content


async def _read_later(read: _Read) -> Standing:
    """Read once whoever asked has been answered: the reading would take the processor from them."""
    await asyncio.sleep(_LATER_SECONDS)
    return await read()


def _let_go(reading: asyncio.Task[Standing]) -> None:
    if not reading.cancelled():
        reading.exception()


async def hear_changes(installation: Installation, memory: Memory) -> None:
    """Forget what the database tells of, for as long as the gateway runs.

    While the database is away nothing is told; what is remembered is then as old as the memory
    allows, and no older.
    """
    while True:
        try:
            async with listening(installation, "gate") as told:
                # What changed before is not told of any more.
                memory.forget_all()
                async for share_id in told:
                    memory.forget(share_id)
        except VitrineError as error:
            log.warning("not listening to the database: %s", type(error).__name__)
        await asyncio.sleep(_LISTEN_AGAIN_SECONDS)
