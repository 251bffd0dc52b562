"""Hear what the database tells at a commit."""

from collections.abc import AsyncIterator

import psycopg

from services.errors import DatabaseAway
from services.installation import Installation


async def listen(installation: Installation, channel: str) -> AsyncIterator[str]:
    """Give what is told on a channel, from now on and for ever.

    Raises:
        DatabaseAway: the connection ended; what is told until the next one is not heard.
    """
    try:
        arguments = installation.connection_arguments()
        async with await psycopg.AsyncConnection.connect(**arguments, autocommit=True) as listener:
            await listener.execute(f"LISTEN {channel}")
            async for notice in listener.notifies():
                yield notice.payload
    except psycopg.OperationalError as error:
        raise DatabaseAway from error
