"""What this process held when the database went away, and could not give back.

Its lease would have to run out before the next try, though whoever held it is that same process.
The next try asks here first, and takes it over at once.
"""

import threading
from collections.abc import Hashable, Iterable


class Abandoned:
    """Things whose holder has stopped, by name; used from any thread."""

    def __init__(self) -> None:
        self._left: set[tuple[Hashable, Hashable]] = set()
        self._lock = threading.Lock()

    def leave(self, holder: Hashable, things: Iterable[Hashable]) -> None:
        """Say that a holder works on these no longer, and could not write so."""
        with self._lock:
            self._left.update((holder, thing) for thing in things)

    def find(self, holder: Hashable) -> set[Hashable]:
        """Find what a holder has left."""
        with self._lock:
            return {thing for whose, thing in self._left if whose == holder}

    def clear(self, holder: Hashable, things: Iterable[Hashable]) -> None:
        """Forget these: they are free, or held again."""
        with self._lock:
            self._left.difference_update((holder, thing) for thing in things)
