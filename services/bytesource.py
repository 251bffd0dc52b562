"""The one seam through which the bytes of originals and renditions are read.

A source is opened, checked, read at any place, checked again and closed. A file that is not the one
expected is an error, never bytes: nothing is padded or skipped.
"""

import errno
import os
import stat
from pathlib import Path
from typing import NamedTuple, Protocol

from services.errors import OriginalAway, OriginalChanged

#: What these say of a file passes: nothing is known about its content.
_AWAY = frozenset(
    {errno.EIO, errno.ESTALE, errno.ENOTCONN, errno.ETIMEDOUT, errno.EHOSTDOWN, errno.EHOSTUNREACH}
    | {errno.EMFILE, errno.ENFILE, errno.ENOMEM}
)
_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class ByteSource(Protocol):
    """Bytes of a known size that can be read at any place."""

    size_bytes: int

    def read_at(self, offset: int, length: int) -> bytes:
        """Read up to `length` bytes from `offset` on; less only at the end."""
        ...

    def verify(self) -> None:
        """Make sure that the source is still what it was when it was opened."""
        ...

    def close(self) -> None:
        """Let go of whatever is held open."""
        ...


class Fingerprint(NamedTuple):
    """All that a file system says of a file's content; any difference means: read it again."""

    size_bytes: int
    mtime_ns: int
    ctime_ns: int
    inode: int

    @classmethod
    def of(cls, status: os.stat_result) -> "Fingerprint":
        """Take the fingerprint of a file from its status."""
        return cls(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


class LocalFile:
    """A regular file on disk; with `expected`, exactly that file and no other.

    Raises:
        OriginalChanged: it vanished, it is no regular file, or it is not the one expected.
        OriginalAway: its disk or its server does not answer.
    """

    def __init__(self, path: Path | str, expected: Fingerprint | None = None) -> None:
        self._path = path
        try:
            self._descriptor = os.open(path, _FLAGS)
        except OSError as error:
            if error.errno in _AWAY:
                raise OriginalAway from error
            raise OriginalChanged(f"{self._name()} cannot be opened: {error.strerror}") from error
        status = os.fstat(self._descriptor)
        self.fingerprint = Fingerprint.of(status)
        self.size_bytes = status.st_size
        if not stat.S_ISREG(status.st_mode) or (expected and expected != self.fingerprint):
            self.close()
            raise OriginalChanged(f"{self._name()} is no longer the file that was shared")

    def read_at(self, offset: int, length: int) -> bytes:
        """Read up to `length` bytes from `offset` on; less only at the end of the file."""
        length = min(length, self.size_bytes - offset)
        if length <= 0:
            return b""
        block = os.pread(self._descriptor, length, offset)
        if len(block) == length:
            return block
        return self._read_rest(block, offset, length)

    def _read_rest(self, block: bytes, offset: int, length: int) -> bytes:
        while len(block) < length:
            more = os.pread(self._descriptor, length - len(block), offset + len(block))
            if not more:
                raise OriginalChanged(f"{self._name()} shrank while it was read")
            block += more
        return block

    def verify(self) -> None:
        """Make sure that the file was not written to since it was opened."""
        if Fingerprint.of(os.fstat(self._descriptor)) != self.fingerprint:
            raise OriginalChanged(f"{self._name()} changed while it was read")

    def close(self) -> None:
        """Close the file; closing twice does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _name(self) -> str:
        return os.path.basename(self._path)  # noqa: PTH119 - a path may be text here
