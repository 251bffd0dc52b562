"""A connection of its own for events that somebody waits for."""

from collections.abc import Sequence
from typing import Any

import psycopg

from services.errors import DatabaseAway
from services.history import Event, record_by_driver
from services.installation import Installation

#: It cannot be reached, it went away, or it cannot be written to.
_AWAY = (psycopg.OperationalError, psycopg.errors.ReadOnlySqlTransaction)


class Recorder:
    """Adds events to the history, each call a commit; for one task of an event loop at a time.

    Nobody asks the connection whether it lives: one that ended is found out by the statement.
    """

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._connection: psycopg.AsyncConnection[Any] | None = None

    async def record(self, events: Sequence[Event]) -> None:
        """Add those events that are not there yet; they are durable when this returns.

        Raises:
            DatabaseAway: it cannot be reached, it went away, or it cannot be written to.
        """
        try:
            await self._record(events)
        except DatabaseAway:
            # The connection may have ended while nobody needed it. Each event has its key, so that
            # what was written before the answer was lost is not written twice.
            await self._record(events)

    async def close(self) -> None:
        """Let go of the database; the next call reaches for it anew."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _record(self, events: Sequence[Event]) -> None:
        try:
            if self._connection is None:
                arguments = self._installation.connection_arguments()
                self._connection = await psycopg.AsyncConnection.connect(
                    **arguments, autocommit=True
                )
            await record_by_driver(self._connection, events)
        except _AWAY as error:
            await self.close()
            raise DatabaseAway from error
