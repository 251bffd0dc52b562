"""Many events in one commit: whoever waits for theirs to be durable waits together.

A commit costs the disk one flush, whether it holds one event or two hundred. What comes while one
commit runs is written by the next.
"""

import asyncio
from collections.abc import Sequence

from services.history import Event
from services.installation import Installation
from services.recorder import Recorder

_MOST_AT_ONCE = 200


class EventWriter:
    """Writes the events of one gateway; used from its event loop alone."""

    def __init__(self, installation: Installation) -> None:
        self._recorder = Recorder(installation)
        self._waiting: list[tuple[Event, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def write(self, event: Event) -> None:
        """Write an event; it is durable when this returns.

        Raises:
            Exception: whatever kept it from being written; then it is not.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((event, done))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all())
        await done

    async def close(self) -> None:
        """Wait until all is written, and let go of the database."""
        if self._writing is not None:
            await self._writing
        await self._recorder.close()

    async def _write_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:_MOST_AT_ONCE], self._waiting[_MOST_AT_ONCE:]
            await self._write(batch)

    async def _write(self, batch: Sequence[tuple[Event, asyncio.Future[None]]]) -> None:
        try:
            await self._recorder.record([event for event, _ in batch])
        except Exception as error:  # noqa: BLE001 - whatever it was, it goes to those who wait
            if len(batch) > 1:
                # One that cannot be written must not take the others with it.
                for one in batch:
                    await self._write([one])
            elif not batch[0][1].done():
                batch[0][1].set_exception(error)
            return
        for _, done in batch:
            if not done.done():
                done.set_result(None)
