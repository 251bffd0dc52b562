"""All flows at once, each held in its middle; then something goes away, and comes back."""

import contextvars
import os
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

from services import moments

_MOST_SECONDS = 300
_playing = contextvars.ContextVar("playing", default="")


class Rehearsal:
    """Runs flows together; each waits once, at its moment, until all have come to theirs.

    `held` says at which moment which flow waits; the others begin when something is away.
    """

    def __init__(self, held):
        self._held = held
        self._arrived = set()
        self._lock = threading.Lock()
        self._all_here, self._go_on = threading.Event(), threading.Event()

    def play(self, flows, outage, meanwhile):
        """Run flows by name through an outage, `meanwhile` during it; return what they return."""
        before = moments._watcher
        moments.watch(self._hold)
        with ThreadPoolExecutor(len(flows)) as threads:
            try:
                running = {name: self._start(threads, name, flows[name]) for name in self._held}
                assert self._all_here.wait(_MOST_SECONDS), f"only {self._arrived} came so far"
                early = [name for name, one in running.items() if one.done()]
                assert not early, f"{early} never came to their moments"
                outage.begin()
                self._go_on.set()
                late = set(flows) - set(running)
                running |= {name: self._start(threads, name, flows[name]) for name in late}
                meanwhile()
                outage.end()
                return {name: one.result() for name, one in running.items()}
            finally:
                self._go_on.set()
                moments.watch(before)

    def _start(self, threads, name, flow):
        return threads.submit(contextvars.copy_context().run, self._run, name, flow)

    def _run(self, name, flow):
        _playing.set(name)
        try:
            return flow()
        finally:
            self._come(name)

    def _hold(self, moment):
        name = _playing.get()
        if self._held.get(name) == moment and name not in self._arrived:
            self._come(name)
            assert self._go_on.wait(_MOST_SECONDS)

    def _come(self, name):
        with self._lock:
            self._arrived.add(name)
            if self._arrived >= set(self._held):
                self._all_here.set()


class DatabaseAway:
    """PostgreSQL is stopped: running statements are ended, and nothing answers."""

    def __init__(self, cluster):
        self.begin, self.end = cluster.stop, cluster.start


class ServerAway:
    """Prefect's server is killed."""

    def __init__(self, server):
        self.begin, self.end = server.stop, server.start


class StoreGone:
    """The store's folder lies elsewhere, as that of a disk that is not mounted."""

    def __init__(self, folder):
        self._folder, self._elsewhere = folder, folder.with_name("elsewhere")

    def begin(self):
        """Move it away."""
        self._folder.rename(self._elsewhere)

    def end(self):
        """Move it back: nobody may have made another one in its place."""
        self._elsewhere.rename(self._folder)


class DiskFull:
    """There is no room left on a small disk."""

    def __init__(self, disk):
        self._ballast = disk / "ballast"

    def begin(self):
        """Fill it to the last byte."""
        with self._ballast.open("wb", buffering=0) as file:
            for size in (1 << 20, 1 << 12, 1):
                try:
                    while file.write(b"\1" * size) == size:
                        continue
                except OSError:
                    continue

    def end(self):
        """Make room again."""
        self._ballast.unlink()


def mount_small_disk(folder, megabytes=48):
    """Mount a small disk in memory, if this user may; say whether."""
    if os.geteuid() != 0:
        return False
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "vitrine-test", str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def unmount(folder):
    """Take it away again, whoever still looks into it."""
    subprocess.run(["umount", "-l", str(folder)], check=True)
