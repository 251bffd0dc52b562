"""Office files, where the operator has configured a converter: turned into a PDF, then a document.

The converter is a program of the system (LibreOffice, say). It runs as a child of the guarded process,
limited like ffmpeg, on a copy of the file in a folder that is removed.
"""

import shlex
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

from services.rendering.documents import render as render_document
from services.rendering.ffmpeg_child import start, stop
from services.rendering.orders import RenderOrder, RenderOutcome, Report
from services.rendering.original import OpenOriginal, RenderFailed

_MOST_SECONDS = 45
_LARGEST_BYTES = 200_000_000


def render(original: OpenOriginal, order: RenderOrder, report: Report) -> RenderOutcome:
    """Make everything that an order asks for of an office file.

    Raises:
        RenderFailed: no converter is configured, or it makes no PDF of the file.
    """
    if not order.converter:
        raise RenderFailed("unsupported", "Files of this kind are not rendered")
    with tempfile.TemporaryDirectory(prefix="office-") as folder:
        document = _convert(original, order, Path(folder))
        status = document.stat()
        inner = replace(
            order,
            path=str(document),
            size_bytes=status.st_size,
            mtime_ns=status.st_mtime_ns,
            media_type="application/pdf",
        )
        with OpenOriginal(inner) as opened:
            return replace(render_document(opened, inner, report), order=order)


def _convert(original: OpenOriginal, order: RenderOrder, folder: Path) -> Path:
    source = folder / f"file{Path(order.path).suffix}"
    source.write_bytes(original.read(_LARGEST_BYTES))
    words = [word.format(source=source, folder=folder) for word in shlex.split(order.converter)]
    try:
        child = start(words, original.descriptor)
    except OSError as error:
        raise RenderFailed("unreadable", "The converter cannot be started") from error
    try:
        child.communicate(timeout=_MOST_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise RenderFailed("timeout", "The file was not converted in time") from error
    finally:
        stop(child)
    document = folder / "file.pdf"
    if child.returncode or not document.is_file():
        raise RenderFailed("damaged", "The file could not be converted")
    return document
