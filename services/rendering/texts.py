"""Render texts: the beginning of a text file as clean UTF-8."""

import codecs
import os
import re
from pathlib import Path

from services.formats.facts import Facts
from services.formats.recipes import TextRecipe
from services.rendering.orders import (
    Failure,
    RenderedFile,
    RenderOrder,
    RenderOutcome,
    Report,
    WantedOutput,
)
from services.rendering.original import OpenOriginal, RenderFailed
from services.rendering.written import describe

_TYPES = frozenset({"text/plain", "text/csv", "text/markdown"})
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
#: No character takes more bytes in any encoding that is read than four times those of UTF-8.
_BYTES_A_BYTE = 4
# All controls but line feed and tab, halves of pairs, and what turns the direction of writing.
_UNWANTED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]"
)


def render(original: OpenOriginal, order: RenderOrder, report: Report) -> RenderOutcome:  # noqa: ARG001
    """Write the beginning of a text; pictures of it are not made (`not_applicable`).

    Raises:
        RenderFailed: unsupported; the file is a text of a kind that is not shown, like HTML.
    """
    if original.media_type not in _TYPES:
        raise RenderFailed("unsupported", "Files of this kind are not rendered")
    files: list[RenderedFile] = []
    failures: dict[str, Failure] = {}
    for output in order.outputs:
        try:
            files.append(_write(original, output))
        except RenderFailed as error:
            failures[output.name] = error.failure
    return RenderOutcome(order, tuple(files), Facts(has_text=True), failures)


def read_text(data: bytes) -> str:
    """Decode UTF-8, UTF-16 with its mark, or else Windows-1252; what is cut at the end is dropped.

    What is UTF-8 up to an error stays UTF-8, with a sign in the place of the error.
    """
    encoding, start = next(
        ((name, len(mark)) for mark, name in _MARKS if data.startswith(mark)), ("utf-8", 0)
    )
    try:
        return codecs.getincrementaldecoder(encoding)().decode(data[start:])
    except UnicodeDecodeError as error:
        is_latin = not start and data[: error.start].isascii()
        return data[start:].decode("cp1252" if is_latin else encoding, "replace")


def clean_lines(text: str) -> str:
    """Remove control characters, and end every line with a line feed."""
    return _UNWANTED.sub("", re.sub("\r\n?|[\x0b\x0c\x85\u2028\u2029]", "\n", text))


def write_text(output: WantedOutput, text: str, longest_bytes: int) -> RenderedFile:
    """Write a clean text as UTF-8, cut between two characters.

    Raises:
        RenderFailed: not_applicable; there is nothing in it.
    """
    content = clean_lines(text).encode()[:longest_bytes].decode(errors="ignore").rstrip()
    if not content.strip():
        raise RenderFailed("not_applicable", "There is no text in it")
    Path(output.path).write_text(content, encoding="utf-8", newline="")
    return describe(output)


def _write(original: OpenOriginal, output: WantedOutput) -> RenderedFile:
    if not isinstance(output.recipe, TextRecipe):
        raise RenderFailed("not_applicable", "This is a text")
    longest = output.recipe.longest_bytes
    head = os.pread(original.descriptor, longest * _BYTES_A_BYTE, 0)
    return write_text(output, read_text(head), longest)
