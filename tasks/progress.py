"""Progress that an operator sees in Prefect while work goes on."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from prefect.artifacts import (
    acreate_progress_artifact,
    aupdate_progress_artifact,
    create_progress_artifact,
    update_progress_artifact,
)

#: Each time costs the server and this process some 40 ms of a processor.
_SECONDS = 5.0
_T = TypeVar("_T")


async def show_progress(
    work: Callable[[], _T], measure: Callable[[], float], description: str
) -> _T:
    """Do work in a thread, and show meanwhile how far it has come, in percent."""
    running = asyncio.ensure_future(asyncio.to_thread(work))
    artifact = None
    while not (await asyncio.wait([running], timeout=_SECONDS))[0]:
        # To show it is not the work: what goes wrong with showing does not end it.
        with contextlib.suppress(Exception):
            percent = min(100.0, await asyncio.to_thread(measure))
            if artifact is None:
                artifact = await acreate_progress_artifact(percent, description=description)
            else:
                await aupdate_progress_artifact(artifact, progress=percent)
    result = await running
    if artifact is not None:
        with contextlib.suppress(Exception):
            await aupdate_progress_artifact(artifact, progress=100.0)
    return result


class _Keeper:
    """Shows in Prefect how far something is, from a thread of its own."""

    def __init__(self, measure: Callable[[], float], description: str) -> None:
        self._measure = measure
        self._stop = threading.Event()
        self._artifact: UUID | None = None
        # To show it is not the work: a server that is away does not end it.
        with contextlib.suppress(Exception):
            # Made here, in the task, so that it stands with the run.
            self._artifact = UUID(str(create_progress_artifact(0.0, description=description)))
        self._thread = threading.Thread(target=self._keep, name="progress", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()
        self._show(100.0)

    def _show(self, percent: float) -> None:
        if self._artifact is None:
            return
        with contextlib.suppress(Exception):
            update_progress_artifact(self._artifact, progress=percent)

    def _keep(self) -> None:
        shown = 0.0
        while not self._stop.wait(_SECONDS):
            with contextlib.suppress(Exception):
                percent = round(min(100.0, self._measure()), 1)
                if percent != shown:
                    self._show(percent)
                    shown = percent


_keepers: dict[UUID, _Keeper] = {}


def start_progress(share: UUID, measure: Callable[[], float]) -> None:
    """Begin to show how far the renditions of a share are, unless this process shows it already."""
    if share not in _keepers:
        _keepers[share] = _Keeper(measure, f"Renditions of share {share}")


def stop_progress(share: UUID) -> None:
    """Show that all is done, and nothing more."""
    keeper = _keepers.pop(share, None)
    if keeper is not None:
        keeper.stop()
