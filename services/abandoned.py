"""What this process held when the database went away, and could not give back.

Its lease would have to run out before the next try, though whoever held it is that same process.
The next try asks here first, and takes it over at once.
"""

import threading
from collections.abc import Iterable
from typing import Generic, TypeVar

_H = TypeVar("_H")
_T = TypeVar("_T")


class Abandoned(Generic[_H, _T]):
    """Things by their holders, who work on them no longer; used from any thread."""

    def __init__(self) -> None:
        self._left: set[tuple[_H, _T]] = set()
        self._lock = threading.Lock()

    def leave(self, holder: _H, things: Iterable[_T]) -> None:
        """Say that a holder works on these no longer, and could not write so."""
        with self._lock:
            self._left.update((holder, thing) for thing in things)

    def find(self, holder: _H) -> set[_T]:
        """Find what a holder has left."""
        with self._lock:
            return {thing for whose, thing in self._left if whose == holder}

    def list_holders(self) -> set[_H]:
        """List who left something."""
        with self._lock:
            return {holder for holder, _ in self._left}

    def clear(self, holder: _H, things: Iterable[_T]) -> None:
        """Forget these: they are free, or held again."""
        with self._lock:
            self._left.difference_update((holder, thing) for thing in things)
