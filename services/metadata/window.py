"""Look into a file that may be hostile: exact reads, bounded in size and in number."""

import re
from typing import Literal

from services.bytesource import ByteSource
from services.metadata.splices import MetadataUnsupported

Order = Literal["big", "little"]

_AHEAD_BYTES = 64 << 10
_SEARCHED_BYTES = 256 << 10
_MOST_BYTES = 64 << 20
_MOST_READS, _MOST_LOADS = 500_000, 100_000


def damaged(what: str) -> MetadataUnsupported:
    """Make the error that says what is wrong with a file."""
    return MetadataUnsupported(f"The file is damaged: {what}")


class HeldBytes:
    """Bytes in memory as a byte source."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.size_bytes = len(content)

    def read_at(self, offset: int, length: int) -> bytes:
        """Read up to `length` bytes from `offset` on."""
        return self.content[offset : offset + length]

    def verify(self) -> None:
        """Bytes never change."""

    def close(self) -> None:
        """Nothing is open."""


class Window:
    """Reads the parts of a file that say how it is built.

    What lies close together is read at once: a look into a remote object costs one request.

    Raises:
        MetadataUnsupported: by each method, when bytes are wanted that the file does not have, or
            more of them than any sound file needs: 64 MiB in all, or half a million pieces.
    """

    def __init__(self, source: ByteSource) -> None:
        self._source = source
        self.size_bytes = source.size_bytes
        self._block = b""
        self._block_at = 0
        self._reads = self._loads = self._read_bytes = 0

    @classmethod
    def over(cls, content: bytes) -> "Window":
        """Open bytes that are in memory."""
        return cls(HeldBytes(content))

    def read(self, at: int, length: int) -> bytes:
        """Read exactly `length` bytes."""
        self._reads += 1
        self._read_bytes += max(0, length)
        if at < 0 or length < 0 or at + length > self.size_bytes:
            raise damaged("it ends too early")
        if self._read_bytes > _MOST_BYTES or self._reads > _MOST_READS:
            raise MetadataUnsupported("The file is built of too many parts, or of too large ones")
        if at < self._block_at or at + length > self._block_at + len(self._block):
            self._load(at, max(length, _AHEAD_BYTES))
        within = at - self._block_at
        if within + length > len(self._block):
            raise damaged("it ends too early")
        return self._block[within : within + length]

    def number(self, at: int, length: int, order: Order = "big") -> int:
        """Read an unsigned number of `length` bytes."""
        return int.from_bytes(self.read(at, length), order)

    def find(self, pattern: re.Pattern[bytes], at: int) -> int:
        """Find the first match of two bytes from `at` on, or return -1; the file is read once."""
        while at < self.size_bytes - 1:
            if not 0 <= at - self._block_at < len(self._block) - 1:
                self._load(at, _SEARCHED_BYTES)
            found = pattern.search(self._block, at - self._block_at)
            if found:
                return self._block_at + found.start()
            at = self._block_at + max(len(self._block), 2) - 1
        return -1

    def _load(self, at: int, length: int) -> None:
        self._loads += 1
        if self._loads > _MOST_LOADS:
            raise MetadataUnsupported("The file is built of too many parts")
        self._block, self._block_at = self._source.read_at(at, length), at


class Fields:
    """Reads one field after another from a place on; big-endian, as ISO base media files are."""

    def __init__(self, window: Window, at: int) -> None:
        self._window = window
        self.at = at

    def read(self, length: int) -> bytes:
        """Read the next bytes."""
        self.at += length
        return self._window.read(self.at - length, length)

    def number(self, length: int) -> int:
        """Read the next number; one of no bytes is 0."""
        return int.from_bytes(self.read(length))


def check_start(window: Window, start: bytes, name: str, at: int = 0) -> None:
    """Make sure that a file is of the kind that it is said to be.

    Raises:
        MetadataUnsupported: it is not.
    """
    if window.size_bytes < at + len(start) or window.read(at, len(start)) != start:
        raise MetadataUnsupported(f"This is no {name} file")
