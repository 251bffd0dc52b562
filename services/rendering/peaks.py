"""The outline of a sound: how loud it is, piece by piece, for a page to draw."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import ffmpeg  # type: ignore[import-untyped, unused-ignore]
import numpy as np

from services.formats.recipes import PeaksRecipe
from services.rendering.ffmpeg import LONGEST_MS, open_input, run
from services.rendering.film import Film
from services.rendering.orders import RenderedFile, Report, WantedOutput
from services.rendering.original import OpenOriginal, RenderFailed
from services.rendering.written import describe

_SAMPLES_PER_SECOND = 8000
_SAMPLE_BYTES = 4
#: Sounds are measured finer than they are drawn: only at the end is their true length known.
_FINER = 16
_FULL_SCALE = 255

Floats = np.ndarray[Any, np.dtype[np.float32]]
Bytes = np.ndarray[Any, np.dtype[np.uint8]]


def write_peaks(
    original: OpenOriginal, film: Film, output: WantedOutput, recipe: PeaksRecipe, report: Report
) -> tuple[RenderedFile, ...]:
    """Write the loudest value of `recipe.count` equal pieces, one byte each, 255 for full scale.

    Memory does not grow with the length of the sound.

    Raises:
        RenderFailed: there is no sound, it is too long, or is damaged.
    """
    if film.sound is None:
        raise RenderFailed("not_applicable", "There is no sound in the film")
    if film.duration_ms > LONGEST_MS:
        raise RenderFailed("too_large", "The sound is longer than six hours")
    expected = max(1, film.duration_ms * _SAMPLES_PER_SECOND // 1000)
    command = ffmpeg.output(
        open_input(original)[str(film.sound.index)],
        "pipe:1",
        format="f32le",
        ac=1,
        ar=_SAMPLES_PER_SECOND,
        t=LONGEST_MS / 1000,
    )
    with run(command, original, 60 + 5 * film.duration_ms / 1000) as pieces:
        fine = measure(_watch(pieces, expected, report), max(1, expected // recipe.count // _FINER))
    Path(output.path).write_bytes(draw(fine, recipe.count))
    return (describe(output, duration_ms=film.duration_ms),)


def measure(pieces: Iterable[bytes], unit: int) -> Floats:
    """Measure the loudest of each `unit` samples (32-bit floats, little endian) of a stream."""
    found: list[Floats] = []
    rest = b""
    for piece in pieces:
        rest += piece
        whole = len(rest) // (unit * _SAMPLE_BYTES) * unit * _SAMPLE_BYTES
        if whole:
            found.append(_loudest(rest[:whole], unit))
            rest = rest[whole:]
    tail = rest[: len(rest) // _SAMPLE_BYTES * _SAMPLE_BYTES]
    if tail:
        found.append(_loudest(tail, len(tail) // _SAMPLE_BYTES))
    return np.concatenate(found) if found else np.zeros(1, np.float32)


def draw(fine: Floats, count: int) -> bytes:
    """Reduce measured values to `count` bytes; of a very short sound, some say the same."""
    edges = np.arange(count) * len(fine) // count
    loudest = np.maximum.reduceat(fine, edges)
    scaled: Bytes = np.rint(np.clip(loudest, 0, 1) * _FULL_SCALE).astype(np.uint8)
    return scaled.tobytes()


def _loudest(block: bytes, unit: int) -> Floats:
    samples = np.abs(np.frombuffer(block, "<f4")).reshape(-1, unit)
    # Of hostile files, samples need not be numbers.
    loudest: Floats = np.nan_to_num(samples.max(axis=1), nan=0.0, posinf=1.0)
    return loudest


def _watch(pieces: Iterable[bytes], expected: int, report: Report) -> Iterable[bytes]:
    """Pass pieces on and tell the progress."""
    seen = 0
    for piece in pieces:
        seen += len(piece)
        if piece:
            report(seen / _SAMPLE_BYTES / expected)
        yield piece
