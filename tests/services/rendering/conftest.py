"""What the tests of renderers share: a process that renders."""

import pytest

from services.rendering.pool import RenderPool


@pytest.fixture(scope="module")
def pool():
    """A pool of one process."""
    made = RenderPool(processes=1, seconds=60, memory_mb=1536)
    yield made
    made.close()
