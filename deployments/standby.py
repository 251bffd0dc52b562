"""The standby: a warm process that runs at once what somebody waits for.

A run of a deployment starts a fresh interpreter, which takes seconds. This process has all of it
loaded, hears from the database that a letter or a format waits, and calls the same flow in process,
so that the run stands in Prefect like any other. It decides nothing about when and where other work
runs. A film that takes an hour does not make a letter wait.
"""

import asyncio
import logging
import signal
import time
from uuid import UUID

import httpx
import psycopg
from prefect.exceptions import PrefectException

from flows.add_format import add_format
from flows.replan_bundles import replan_bundles
from flows.seal_history import seal_history
from flows.send_letters import send_letters
from services.chain.sealing import has_waiting
from services.clock import check_clock
from services.errors import ClockOff, VitrineError
from services.format_making import list_waiting
from services.format_requests import CHANNEL
from services.format_wishes import FormatWish
from services.installation import get_installation
from services.letters import count_waiting_letters
from services.rebuilding import list_outdated
from services.staleness import CHANNEL as STALE

log = logging.getLogger("standby")
_LOOK_AGAIN_SECONDS = 15.0
#: An event waits so long for its seal, and as long again if one is being made.
_SEAL_SECONDS = 60.0
#: What Prefect's client raises when its server does not answer.
_PREFECT_AWAY = (PrefectException, httpx.HTTPError, RuntimeError)
#: More would only share the same processors.
_FORMATS_AT_ONCE = 2


class Standby:
    """Runs flows for what waits, each thing once at a time."""

    def __init__(self) -> None:
        self._bundles: dict[UUID, asyncio.Task[None]] = {}
        self._formats: dict[UUID, asyncio.Task[None]] = {}
        self._turns = asyncio.Semaphore(_FORMATS_AT_ONCE)
        self._sealing: asyncio.Task[None] | None = None
        self._sealed_at = float("-inf")

    async def serve(self) -> None:
        """Serve until the process is told to stop; a lost database is waited for."""
        while True:
            try:
                await self._listen()
            except ClockOff:
                # The log has said so. What waits here is done by whoever has the time.
                await asyncio.sleep(_LOOK_AGAIN_SECONDS)
            except (psycopg.OperationalError, VitrineError) as error:
                log.warning("the database does not answer (%s): trying again", type(error).__name__)
                await asyncio.sleep(2)

    async def _listen(self) -> None:
        place = get_installation().connection_arguments()
        async with await psycopg.AsyncConnection.connect(**place, autocommit=True) as connection:
            await connection.execute("LISTEN outbox")
            await connection.execute(f"LISTEN {CHANNEL}")
            await connection.execute(f"LISTEN {STALE}")
            log.info("listening")
            while True:
                await asyncio.to_thread(check_clock, get_installation())
                await self._replan_bundles()
                await self._start_formats()
                self._start_sealing()
                await _send_waiting()
                async for _ in connection.notifies(timeout=_LOOK_AGAIN_SECONDS, stop_after=1):
                    log.debug("told of something that waits")

    async def _start_formats(self) -> None:
        for request in await asyncio.to_thread(list_waiting, get_installation()):
            if request not in self._formats:
                self._formats[request] = asyncio.create_task(self._make(request))

    def _start_sealing(self) -> None:
        now = time.monotonic()
        if now - self._sealed_at < _SEAL_SECONDS or (self._sealing and not self._sealing.done()):
            return
        self._sealed_at, self._sealing = now, asyncio.create_task(_seal_waiting())

    async def _replan_bundles(self) -> None:
        for share in await asyncio.to_thread(list_outdated, get_installation()):
            if share not in self._bundles:
                self._bundles[share] = asyncio.create_task(self._replan(share))

    async def _replan(self, share: UUID) -> None:
        try:
            await replan_bundles(str(share))
        except _PREFECT_AWAY as error:
            log.warning("Prefect does not answer (%s): a zip waits", type(error).__name__)
        except Exception as error:  # noqa: BLE001 - the flow run tells the operator
            log.warning("bundles of share %s: %s", share, type(error).__name__)
        finally:
            del self._bundles[share]

    async def _make(self, request: UUID) -> None:
        try:
            async with self._turns:
                await add_format(FormatWish(request=str(request)))
        except _PREFECT_AWAY as error:
            log.warning("Prefect does not answer (%s): a format waits", type(error).__name__)
        except Exception as error:  # noqa: BLE001
            # The wish itself says why to whoever waits, and the flow run to the operator.
            log.warning("format request %s: %s", request, type(error).__name__)
        finally:
            del self._formats[request]


async def _send_waiting() -> None:
    waiting = await asyncio.to_thread(count_waiting_letters, get_installation())
    if not waiting:
        return
    try:
        await send_letters()
    except _PREFECT_AWAY as error:
        # Prefect is away: the letters stay in the outbox, the schedule sends them later.
        log.warning("Prefect does not answer (%s): %d letters wait", type(error).__name__, waiting)


async def _seal_waiting() -> None:
    try:
        if await asyncio.to_thread(has_waiting, get_installation()):
            await seal_history()
    except _PREFECT_AWAY as error:
        log.warning("Prefect does not answer (%s): the history waits", type(error).__name__)
    except Exception as error:  # noqa: BLE001 - the flow run tells the operator
        log.warning("the history was not sealed: %s", type(error).__name__)


async def stand_by() -> None:
    """Serve until the process is told to stop."""
    await Standby().serve()


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
