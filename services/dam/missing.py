"""Tell an original that was removed from a library that is not there as a whole."""

from pathlib import Path

from services.errors import OriginalAway, OriginalChanged, VitrineError


def explain_missing(root: Path, source_key: str) -> VitrineError:
    """Make the error that says why an original is not below `root` any more.

    An empty library is a disk that is not mounted, and nothing was removed from it.
    """
    try:
        is_here = any(root.iterdir())
    except OSError:
        is_here = False
    if not is_here:
        return OriginalAway()
    return OriginalChanged(f"{source_key} is no longer in the library")
