"""The work on one film or sound as steps, each with its own failure and its share of the progress."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyvips

from services.formats.facts import Facts
from services.rendering.orders import (
    Failure,
    RenderedFile,
    RenderOrder,
    RenderOutcome,
    Report,
    WantedOutput,
)
from services.rendering.original import RenderFailed
from services.rendering.pictures import explain

_PAUSE_SECONDS = 0.5


@dataclass(frozen=True)
class Step:
    """What makes some outputs together, or fails for all of them.

    `weight` is how long it takes beside the other steps. `make` tells its own progress from 0 to 1.
    """

    outputs: Sequence[WantedOutput]
    weight: float
    make: Callable[[Report], tuple[RenderedFile, ...]]


def take_steps(
    order: RenderOrder, facts: Facts, steps: Sequence[Step], report: Report
) -> RenderOutcome:
    """Take all steps; one that fails does not stop the others.

    `report` is called at most every half second, and with 1 at the end; it may raise, which ends
    the work.

    Raises:
        OSError: the disk failed, or nobody listens to the progress any more.
    """
    files: list[RenderedFile] = []
    failures: dict[str, Failure] = {}
    told = _told_seldom(report)
    total, done = sum(step.weight for step in steps), 0.0
    for step in steps:
        try:
            files += step.make(_part_of(told, done / total, step.weight / total))
        except (RenderFailed, pyvips.Error) as error:
            failed = error if isinstance(error, RenderFailed) else explain(error)
            failures |= {output.name: failed.failure for output in step.outputs}
        done += step.weight
        told(done / total)
    report(1.0)
    return RenderOutcome(order, tuple(files), facts, failures)


def refuse(outputs: Sequence[WantedOutput], message: str) -> Step:
    """Make the step of outputs that this kind of original has nothing for."""

    def fail(report: Report) -> tuple[RenderedFile, ...]:  # noqa: ARG001
        raise RenderFailed("not_applicable", message)

    return Step(outputs, 0.001, fail)


def _part_of(report: Report, begins: float, size: float) -> Report:
    return lambda share: report(begins + size * min(1.0, max(0.0, share)))


def _told_seldom(report: Report) -> Report:
    """Pass on what grows, at most every half second: each word crosses a pipe and is acted upon."""
    last, most = float("-inf"), 0.0

    def tell(share: float) -> None:
        nonlocal last, most
        most = max(most, min(1.0, share))
        if time.monotonic() - last >= _PAUSE_SECONDS:
            last = time.monotonic()
            report(most)

    return tell
