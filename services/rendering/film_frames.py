"""Single pictures out of a film, decoded at the size at which they are wanted."""

from typing import Any

import ffmpeg  # type: ignore[import-untyped, unused-ignore]
import pyvips

from services.rendering.ffmpeg import open_input, read_output
from services.rendering.film import Picture
from services.rendering.film_filters import map_tones, reduce
from services.rendering.orders import Report
from services.rendering.original import OpenOriginal, RenderFailed

_SECONDS = 60.0
#: A film that is decoded to its end may take so many times its length.
_SECONDS_PER_SECOND = 5.0

Size = tuple[int, int]


def grab(
    original: OpenOriginal,
    picture: Picture,
    at_ms: int,
    size: Size,
    report: Report,
    *,
    choice: int = 1,
    exactly: bool = True,
) -> Any:
    """Decode one picture from `at_ms` on as a pyvips image of `size`, or none if there is none.

    Of `choice` pictures the most typical one is taken. If not `exactly`, the key frame before that
    time will do.

    Raises:
        RenderFailed: decoding takes too long or too much; not if the film is damaged just there.
    """
    nearly = {} if exactly else {"noaccurate_seek": None, "skip_frame": "nokey"}
    source = open_input(original, ss=at_ms / 1000, **nearly)
    stream = _reduce(source[str(picture.index)], picture, size)
    if choice > 1:
        stream = stream.filter("thumbnail", choice)
    stream = map_tones(stream, picture)
    images = _read(original, stream, size, count=1, seconds=_SECONDS, report=report)
    return images[0] if images else None


def grab_first(original: OpenOriginal, picture: Picture, size: Size, report: Report) -> Any:
    """Decode the first picture of a film.

    Raises:
        RenderFailed: there is none.
    """
    image = grab(original, picture, 0, size, report)
    if image is None:
        raise RenderFailed("damaged", "There is no picture in the film")
    return image


def grab_equal(
    original: OpenOriginal,
    picture: Picture,
    length_ms: int,
    size: Size,
    count: int,
    report: Report,
) -> list[Any]:
    """Decode all of a short film and return the middle of each of `count` equal parts.

    Raises:
        RenderFailed: there is no picture at all, or decoding takes too long.
    """
    seconds = max(0.001, length_ms / 1000)
    # No picture after that: the filter fills up every gap with copies. And what no other picture
    # is made from is not even decoded.
    source = open_input(original, t=seconds, skip_frame="noref")
    stream = source[str(picture.index)].filter("fps", count / seconds, start_time=0)
    stream = map_tones(_reduce(stream, picture, size), picture)
    limit = _SECONDS + _SECONDS_PER_SECOND * seconds
    images = _read(original, stream, size, count=count, seconds=limit, report=report)
    images = images or [grab_first(original, picture, size, report)]
    return images + images[-1:] * (count - len(images))


def _reduce(stream: Any, picture: Picture, size: Size) -> Any:
    stream = reduce(stream, picture, size)
    # Colours at full size; what is HDR has them already.
    return stream if picture.is_hdr else stream.filter("format", "yuv444p")


def _read(
    original: OpenOriginal,
    stream: Any,
    size: Size,
    *,
    count: int,
    seconds: float,
    report: Report,
) -> list[Any]:
    """Read at most `count` pictures of a known size; fewer where the film is damaged."""
    options = {"format": "rawvideo", "frames:v": count, "threads": 2, "fps_mode": "passthrough"}
    command = ffmpeg.output(stream.filter("format", "rgb24"), "pipe:1", **options)
    length = 3 * size[0] * size[1]
    try:
        pixels = read_output(command, original, seconds, count * length, report)
    except RenderFailed as error:
        # A film that is damaged here may be whole elsewhere.
        if error.failure.code != "damaged":
            raise
        return []
    pieces = (pixels[at : at + length] for at in range(0, len(pixels) - length + 1, length))
    images = (pyvips.Image.new_from_memory(piece, *size, 3, "uchar") for piece in pieces)
    return [image.copy(interpretation="srgb") for image in images]
