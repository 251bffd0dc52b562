"""Which version of the code this is."""

from functools import lru_cache
from importlib.metadata import version


@lru_cache(maxsize=1)
def find_version() -> str:
    """Name the version that is installed."""
    return version("vitrine-share")
