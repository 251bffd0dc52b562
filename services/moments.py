"""Named moments of the work: where a process may die, and whoever comes after must not notice.

Each is a place between two steps that become durable one after the other. In production reaching
one does nothing, and no setting changes that: a watcher can only be handed over by code that runs
in the same process, which tests do in processes of their own (`tests/killing.py`).
`docs/moments.md` lists them.
"""

from collections.abc import Callable

Watcher = Callable[[str], None]


def _ignore(_: str) -> None:
    """Do nothing."""


_watcher: Watcher = _ignore


def reach(moment: str) -> None:
    """Say that the work has come to this moment (`noun:step`)."""
    _watcher(moment)


def watch(watcher: Watcher) -> None:
    """Have a watcher told of every moment that this process reaches from now on."""
    global _watcher  # noqa: PLW0603 - one process, one watcher: that is what it is for
    _watcher = watcher
