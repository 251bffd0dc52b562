"""What a renderer is asked for, and what it answers: plain values that cross a pipe."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from services.formats.facts import Facts
from services.formats.recipes import Recipe

#: Told how much of an order is done, from 0 to 1; raises what ends the work.
Report = Callable[[float], None]

#: The disk is full: it says nothing about the original.
NO_ROOM = "no_room"
_BY_CHANCE = frozenset({"timeout", "crash", "memory"})


@dataclass(frozen=True)
class WantedOutput:
    """One rendition to be written to `path`."""

    name: str
    recipe: Recipe
    path: str


@dataclass(frozen=True)
class RenderOrder:
    """All renditions of one original; its size and time must be these.

    `media_type` is what the first bytes of the original say. `converter` is the command that turns
    office files into PDF, if there is one.
    """

    name: str
    path: str
    size_bytes: int
    mtime_ns: int
    media_type: str
    outputs: tuple[WantedOutput, ...]
    converter: str = ""


@dataclass(frozen=True)
class RenderedFile:
    """One rendition that was written; `sha256` has 32 bytes, sizes are in pixels and bytes.

    `placeholder` is the ThumbHash of a picture in base64, empty for all else.
    """

    name: str
    path: str
    media_type: str
    size_bytes: int
    sha256: bytes
    crc32: int
    width: int = 0
    height: int = 0
    duration_ms: int = 0
    placeholder: str = ""


@dataclass(frozen=True)
class Failure:
    """Why something cannot be rendered: a code and a sentence.

    The code is one of unsupported, protected, too_large, damaged, not_applicable, unreadable,
    changed, timeout, crash, memory, no_room, cancelled.
    """

    code: str
    message: str

    @property
    def may_be_chance(self) -> bool:
        """Whether it can be the fault of the machine: then it is worth one more try."""
        return self.code in _BY_CHANCE


@dataclass(frozen=True)
class RenderOutcome:
    """The answer to an order: files, what was found, and what failed, by the name of the output.

    `failure` is set where the whole order failed; then there are no files. `facts` are empty where
    the original could not even be looked into.
    """

    order: RenderOrder
    files: tuple[RenderedFile, ...] = field(default=())
    facts: Facts = field(default=Facts())
    failures: Mapping[str, Failure] = field(default_factory=dict)
    failure: Failure | None = None
