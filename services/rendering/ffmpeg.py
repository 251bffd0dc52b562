"""Run ffmpeg on one original: guarded on the way in, told of while it runs, clean afterwards.

The options that guard the reading were measured with hostile files. The list of protocols alone is
not enough: a playlist may name local files, so that only the list of formats keeps them out.
"""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ffmpeg  # type: ignore[import-untyped, unused-ignore]
import imageio_ffmpeg  # type: ignore[import-untyped, unused-ignore]

from services.rendering.ffmpeg_child import read, start, stop
from services.rendering.orders import Report
from services.rendering.original import OpenOriginal, RenderFailed

#: The containers that may be read, by the names of their demultiplexers: none names other files.
FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,ogg,wav,aiff,mp3,flac,aac,mxf,asf"
#: How every original is opened, here and by PyAV.
SAFE_READING = {"format_whitelist": FORMATS, "protocol_whitelist": "file"}
#: A picture of 8K has 33 million.
MOST_PIXELS = 50_000_000
#: Nothing longer is encoded.
LONGEST_MS = 6 * 3600 * 1000


def open_input(original: OpenOriginal, **options: Any) -> Any:
    """Name an original as the input of a command, with everything that guards its reading.

    `options` are input options of ffmpeg (`ss`, `skip_frame` and the like).
    """
    return ffmpeg.input(
        f"file:{original.path}", **SAFE_READING, max_pixels=MOST_PIXELS, threads=2, **options
    )


@contextlib.contextmanager
def run(command: Any, original: OpenOriginal, seconds: float) -> Iterator[Iterator[bytes]]:
    """Run a command and give what it writes to `pipe:1`, in pieces.

    A piece is empty where nothing came for half a second. The program ends with the block, however
    that is left.

    Args:
        command: the output of ffmpeg-python's `output`.
        original: what it reads; the program inherits its descriptor.
        seconds: the wall time that it may take.

    Raises:
        RenderFailed: it failed, or took too long.
        OSError: the disk failed, or there is no room on it.
    """
    child = start(compile_command(command), original.descriptor)
    try:
        yield read(child, time.monotonic() + seconds)
    finally:
        stop(child)


def read_output(
    command: Any, original: OpenOriginal, seconds: float, expected_bytes: int, report: Report
) -> bytes:
    """Run a command and return all that it writes to `pipe:1`: pictures of a known size."""
    content = bytearray()
    with run(command, original, seconds) as pieces:
        for piece in pieces:
            content += piece
            if piece:
                report(len(content) / expected_bytes)
    return bytes(content)


@contextlib.contextmanager
def part_of(path: str) -> Iterator[str]:
    """Name a file to write to, which becomes `path` when the block succeeds and else is removed.

    Raises:
        RenderFailed: nothing was written to it: there was nothing to convert.
    """
    part = f"{path}.part"
    try:
        yield part
        if not _trace(part)[0]:
            raise RenderFailed("damaged", "There is nothing to convert in the film or sound")
        Path(part).replace(path)
    finally:
        Path(part).unlink(missing_ok=True)


def write_output(
    command: Any,
    part: str,
    original: OpenOriginal,
    *,
    duration_ms: int,
    load: float,
    report: Report,
) -> None:
    """Run a command that writes `part`, and tell how much of `duration_ms` is written.

    Args:
        command: has `progress="pipe:1"` among its output options.
        part: what it writes to.
        original: what it reads.
        duration_ms: the length of what will have been written.
        load: 1 for what encodes about as fast as it plays; more time is given to more.
        report: called while something goes on; may raise, which ends the work.
    """
    seconds = 60 + 5 * load * duration_ms / 1000
    share, trace = 0.0, (0, 0)
    with run(command, original, seconds) as pieces:
        for piece in pieces:
            reached, written = _read_progress(piece, duration_ms), _trace(part)
            # A file that is only moved for a fast start makes no progress, but it changes.
            if reached > share or written != trace:
                share, trace = max(share, reached), written
                report(share)


def compile_command(command: Any) -> list[str]:
    """Write a command out as arguments, the program first.

    The program is the one of the wheel, or the one that the operator names in
    IMAGEIO_FFMPEG_EXE; nothing is ever downloaded.

    Raises:
        RenderFailed: there is no such program on this machine.
    """
    try:
        program = imageio_ffmpeg.get_ffmpeg_exe()
    except RuntimeError as error:
        raise RenderFailed("unsupported", "Nothing that converts films is installed") from error
    quiet = command.global_args("-nostdin", "-hide_banner", "-loglevel", "error")
    limited = quiet.global_args("-filter_complex_threads", "2")
    arguments: list[str] = ffmpeg.compile(limited, cmd=program, overwrite_output=True)
    return arguments


def _read_progress(piece: bytes, duration_ms: int) -> float:
    """Read how much is written from lines `out_time_us=12345`; 0 where there is none."""
    values = [line[12:] for line in piece.split(b"\n") if line.startswith(b"out_time_us=")]
    if not values or not values[-1].strip().isdigit():
        return 0.0
    return min(1.0, int(values[-1]) / 1000 / max(1, duration_ms))


def _trace(part: str) -> tuple[int, int]:
    try:
        status = os.stat(part)  # noqa: PTH116 - asked twice a second
    except FileNotFoundError:
        return 0, 0
    return status.st_size, status.st_mtime_ns
