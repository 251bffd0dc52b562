"""Blocking work of the hot paths in threads, by the shortest way there is.

The event loop's own executor costs half of what Starlette's thread pool does: no limiter, no copied
context. How many run at once is bounded here instead.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")
#: As many as the database's pool has connections (`services.installation`).
_threads = ThreadPoolExecutor(max_workers=40, thread_name_prefix="door")


async def run_in_thread(function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """Run a function that blocks, and wait for what it returns."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_threads, partial(function, *args, **kwargs))
