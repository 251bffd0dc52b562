"""The pool that all rendering tasks of one process share, kept warm between them."""

import atexit
import os
from functools import lru_cache

from services.rendering.pool import RenderPool
from services.settings import Settings


@lru_cache(maxsize=1)
def get_pool(settings: Settings) -> RenderPool:
    """Open the pool of this process; it is closed when the process ends."""
    pool = RenderPool(
        processes=settings.render_processes or os.cpu_count() or 1,
        seconds=settings.render_seconds,
        memory_mb=settings.render_memory_mb,
    )
    atexit.register(pool.close)
    return pool
