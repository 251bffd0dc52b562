"""The original that a rendering process works on: opened once, checked, and named for decoders."""

import errno
import os
import stat
from pathlib import Path
from types import TracebackType
from typing import Self

from services.rendering.orders import NO_ROOM, Failure, RenderOrder

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


class RenderFailed(Exception):
    """Something cannot be rendered: a code and a sentence (see `Failure`)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.failure = Failure(code, message)


def explain_disk(error: OSError) -> RenderFailed:
    """Say what an error of the disk means: there is no room on it, or it cannot be read."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return RenderFailed(NO_ROOM, "There is no room left on the disk")
    return RenderFailed("unreadable", f"{error.strerror}")


class OpenOriginal:
    """One original, open for reading; whatever stands under its path later is not read.

    Raises:
        RenderFailed: it cannot be opened, or is not the file that was shared.
    """

    def __init__(self, order: RenderOrder) -> None:
        self._order = order
        self.media_type = order.media_type
        self.size_bytes = order.size_bytes
        try:
            self.descriptor = os.open(order.path, _FLAGS)
        except OSError as error:
            raise RenderFailed(
                "unreadable", f"The original cannot be read: {error.strerror}"
            ) from error
        self.check_unchanged()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        os.close(self.descriptor)

    @property
    def path(self) -> str:
        """Name the very file that was opened and checked.

        Not as a stream: reading from one, libvips takes a picture that was cut off for a whole one.
        A child process can use the name if it inherits the descriptor (`pass_fds`).
        """
        if Path("/proc/self/fd").exists():
            return f"/proc/self/fd/{self.descriptor}"
        return self._order.path

    def read(self, most_bytes: int) -> bytes:
        """Read the whole original into memory.

        Raises:
            RenderFailed: it is larger than `most_bytes`.
        """
        if self.size_bytes > most_bytes:
            raise RenderFailed("too_large", f"The file is larger than {most_bytes // 1_000_000} MB")
        return os.pread(self.descriptor, self.size_bytes, 0)

    def check_unchanged(self) -> None:
        """Make sure that the file is the one that was shared, and was not written to since."""
        status = os.fstat(self.descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise RenderFailed("unreadable", "The original is no regular file")
        if (status.st_size, status.st_mtime_ns) != (self._order.size_bytes, self._order.mtime_ns):
            raise RenderFailed("changed", "The original changed after it was shared")
