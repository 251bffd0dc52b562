"""The pool that all rendering tasks of one process share, kept warm between them."""

import atexit
import os
from functools import lru_cache

from services.rendering.pool import RenderPool
from services.settings import Settings


def get_pool(settings: Settings) -> RenderPool:
    """Find the pool of this process; it is closed when the process ends."""
    processes = settings.render_processes or os.cpu_count() or 1
    return _open_pool(processes, settings.render_seconds, settings.render_memory_mb)


@lru_cache(maxsize=4)
def _open_pool(processes: int, seconds: int, memory_mb: int) -> RenderPool:
    pool = RenderPool(processes=processes, seconds=seconds, memory_mb=memory_mb)
    atexit.register(pool.close)
    return pool
