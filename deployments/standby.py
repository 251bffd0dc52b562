"""The standby: a warm process that runs at once what somebody waits for.

A run of a deployment starts a fresh interpreter, which takes seconds. This process has all of it
loaded, hears from the database that a letter waits, and calls the same flow in process, so that the
run stands in Prefect like any other. It decides nothing about when and where other work runs.
"""

import asyncio
import logging
import signal

import psycopg
from prefect.exceptions import PrefectException

from flows.send_letters import send_letters
from services.installation import get_installation
from services.letters import count_waiting_letters

log = logging.getLogger("standby")
_LOOK_AGAIN_SECONDS = 60.0


async def stand_by() -> None:
    """Serve until the process is told to stop; a lost database is waited for."""
    while True:
        try:
            await _listen()
        except psycopg.OperationalError as error:
            log.warning("the database does not answer (%s): trying again", type(error).__name__)
            await asyncio.sleep(2)


async def _listen() -> None:
    place = get_installation().connection_arguments()
    async with await psycopg.AsyncConnection.connect(**place, autocommit=True) as connection:
        await connection.execute("LISTEN outbox")
        log.info("listening")
        while True:
            await _send_waiting()
            async for _ in connection.notifies(timeout=_LOOK_AGAIN_SECONDS, stop_after=1):
                log.debug("told of a letter")


async def _send_waiting() -> None:
    waiting = await asyncio.to_thread(count_waiting_letters, get_installation())
    if not waiting:
        return
    try:
        await send_letters()
    except PrefectException as error:
        # Prefect is away: the letters stay in the outbox, the schedule sends them later.
        log.warning("Prefect does not answer (%s): %d letters wait", type(error).__name__, waiting)


def main() -> None:
    """Run the standby as a process of its own."""
    # Prefect sets up logging when it is imported; here the lines are for the stack's one log.
    logging.basicConfig(level=logging.INFO, format="%(message)s", force=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    # Prefect's own lines come from its own handlers; passed on they would stand there twice.
    logging.getLogger("prefect").propagate = False
    # The supervisor stops parts with SIGTERM; asyncio knows how to end on SIGINT.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        asyncio.run(stand_by())
    except KeyboardInterrupt:
        log.info("stopped")


if __name__ == "__main__":
    main()
