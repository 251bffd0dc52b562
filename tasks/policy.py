"""When a task is tried again, and for how long: one policy for all of them.

What is away or full for the moment (`services.errors.Passing`) is waited for, two minutes in all. A
refusal, or a lease that is lost, is what it is: it is never tried again. Anything else may be chance
twice.
"""

from collections.abc import Callable, Iterable
from typing import Any, ParamSpec, TypeVar

from prefect import State, Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import TaskRun

from services.errors import Passing, VitrineError

#: Seconds before each further try: what comes back soon is soon gone on with.
DELAYS = (1, 2, 4, 8, 15, 30, 60)
_MOST_BY_CHANCE = 2
_P = ParamSpec("_P")
_R = TypeVar("_R")


def unit_of_retry(*, tags: Iterable[str] = ()) -> Callable[[Callable[_P, _R]], Task[_P, _R]]:
    """Make a function a task that is tried again by this policy and keeps no result."""
    return task(
        cache_policy=NO_CACHE,
        persist_result=False,
        retries=len(DELAYS),
        retry_delay_seconds=list(DELAYS),
        retry_condition_fn=is_worth_another_try,
        tags=list(tags),
    )


def is_worth_another_try(
    task: Task[..., Any],  # noqa: ARG001
    task_run: TaskRun,
    state: State[Any],
) -> bool:
    """Whether what a run of a task failed with may be gone with the next one."""
    error = state.data
    if isinstance(error, VitrineError):
        return isinstance(error, Passing)
    return task_run.run_count <= _MOST_BY_CHANCE
