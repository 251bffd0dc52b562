"""Hear what the database tells at a commit."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg

from services.errors import DatabaseAway
from services.installation import Installation


@asynccontextmanager
async def listening(installation: Installation, channel: str) -> AsyncIterator[AsyncIterator[str]]:
    """Listen to a channel for as long as the block lasts; gives what is told from now on.

    Raises:
        DatabaseAway: the connection ended; what is told until the next one is not heard.
    """
    try:
        arguments = installation.connection_arguments()
        async with await psycopg.AsyncConnection.connect(**arguments, autocommit=True) as listener:
            await listener.execute(f"LISTEN {channel}")
            yield (notice.payload async for notice in listener.notifies())
    except psycopg.OperationalError as error:
        raise DatabaseAway from error
