"""Chunks of RIFF files (Multimedia Programming Interface and Data Specifications 1.0, 1991)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from services.metadata.splices import MetadataUnsupported, Splice, order_splices, spliced_size
from services.metadata.window import Window, check_start, damaged

HEAD_BYTES = 12
_SIZE_AT, _SIZE_BYTES = 4, 4
_LARGEST = 0xFFFF_FFFF


@dataclass(frozen=True)
class Chunk:
    """A chunk: its head at `start`, its payload from `body` to before `end`."""

    name: bytes
    start: int
    end: int

    @property
    def body(self) -> int:
        """Where the payload begins."""
        return self.start + 8

    @property
    def padded_end(self) -> int:
        """Where the next chunk begins."""
        return self.end + self.end % 2


def read_riff(window: Window, form: bytes) -> tuple[list[Chunk], int]:
    """Read the chunks of a RIFF file of this form, and where they end.

    Raises:
        MetadataUnsupported: it is none, or it does not know its size.
    """
    check_start(window, b"RIFF", "RIFF")
    check_start(window, form, form.decode().strip(), at=8)
    end = window.number(_SIZE_AT, _SIZE_BYTES, "little") + _SIZE_AT + _SIZE_BYTES
    if end > window.size_bytes:
        raise damaged("it is shorter than it says")
    return list(read_chunks(window, HEAD_BYTES, end)), end


def read_chunks(window: Window, start: int, end: int) -> Iterator[Chunk]:
    """Read the chunks between two places; the last one may lack its pad byte."""
    while start < end:
        size_bytes = window.number(start + 4, 4, "little")
        chunk = Chunk(window.read(start, 4), start, start + 8 + size_bytes)
        if chunk.end > end:
            raise damaged("a part is longer than the file")
        yield chunk
        start = chunk.padded_end


def write_chunk(name: bytes, payload: bytes) -> bytes:
    """Write a chunk with its pad byte."""
    return name + len(payload).to_bytes(4, "little") + payload + b"\x00" * (len(payload) % 2)


def drop_chunk(chunk: Chunk, limit: int) -> Splice:
    """Take a chunk out with its pad byte, which lies before `limit` if it is there."""
    return Splice(chunk.start, min(chunk.padded_end, limit))


def finish(
    window: Window, end: int, last: Chunk, splices: Iterable[Splice], added: bytes
) -> tuple[Splice, ...]:
    """Add chunks at the end, drop what lies behind it, and write the size of the whole anew.

    `last` is the last chunk that stays: its pad byte is added where a writer forgot it.
    """
    pad = b"\x00" if last.padded_end > end else b""
    tail = Splice(end, window.size_bytes, pad + added)
    changed = order_splices([*splices, tail])
    size_bytes = spliced_size(window.size_bytes, changed) - _SIZE_AT - _SIZE_BYTES
    if size_bytes > _LARGEST:
        raise MetadataUnsupported("The file would be larger than 4 GB, which RIFF cannot say")
    if not changed:
        return ()
    written = size_bytes.to_bytes(_SIZE_BYTES, "little")
    return order_splices([Splice(_SIZE_AT, _SIZE_AT + _SIZE_BYTES, written), *changed])
