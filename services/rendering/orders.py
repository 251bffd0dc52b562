"""What a renderer is asked for, and what it answers: plain values that cross a pipe."""

from dataclasses import dataclass, field

from services.formats import Recipe


@dataclass(frozen=True)
class WantedOutput:
    """One rendition to be written to `path`."""

    name: str
    recipe: Recipe
    path: str


@dataclass(frozen=True)
class RenderOrder:
    """All renditions of one original; its size and time must be these.

    A drawing that `may_enlarge` is drawn as large as asked for, however small it says that it is.
    """

    name: str
    path: str
    size_bytes: int
    mtime_ns: int
    outputs: tuple[WantedOutput, ...]
    may_enlarge: bool = False


@dataclass(frozen=True)
class RenderedFile:
    """One rendition that was written; `sha256` has 32 bytes, sizes are in pixels and bytes."""

    name: str
    path: str
    media_type: str
    size_bytes: int
    sha256: bytes
    crc32: int
    width: int
    height: int


@dataclass(frozen=True)
class RenderOutcome:
    """The answer to an order: files, or a failure with a sentence.

    `failure` is empty or one of unsupported, too_large, damaged, unreadable, changed, timeout,
    crash, memory. `width` and `height` are those of the upright original.
    """

    order: RenderOrder
    files: tuple[RenderedFile, ...] = field(default=())
    width: int = 0
    height: int = 0
    failure: str = ""
    message: str = ""
