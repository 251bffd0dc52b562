"""A film for the web: its streams copied where they already are what is wanted, else encoded."""

from typing import Any

import ffmpeg  # type: ignore[import-untyped, unused-ignore]

from services.formats.recipes import FilmRecipe
from services.rendering.ffmpeg import LONGEST_MS, open_input, part_of, write_output
from services.rendering.film import Film, Picture, Sound
from services.rendering.film_filters import (
    LONGEST_EDGE,
    fit_film,
    map_tones,
    reduce,
    thin_out,
)
from services.rendering.film_probe import measure_duration
from services.rendering.orders import RenderedFile, Report, WantedOutput
from services.rendering.original import OpenOriginal, RenderFailed
from services.rendering.written import describe

#: A film with more bits a second stutters on the way to its viewer.
_HIGHEST_BIT_RATE = 8_000_000
#: Pictures a second; a film in slow motion has four times as many.
_HIGHEST_RATE = 60
_LARGEST_SMALL_HEIGHT = 720
_FULL_HD = 1920 * 1080
#: These keep the true times of pictures, so that they can be copied from.
_TIMED = frozenset({"mp4", "matroska", "mpegts"})
_H264_PROFILES = frozenset({"Baseline", "Constrained Baseline", "Main", "High"})
#: Not Vorbis: its headers carry comments.
_SOUNDS = {"h264": frozenset({"aac", "mp3"}), "webm": frozenset({"opus"})}

#: No word of the metadata of the original, and none of ours about versions.
BARE: dict[str, Any] = {
    "map_metadata": -1,
    "map_chapters": -1,
    "fflags": "+bitexact",
    "progress": "pipe:1",
    "threads": 2,
}
_CONTAINERS: dict[str, dict[str, Any]] = {
    "h264": {"format": "mp4", "movflags": "+faststart"},
    "webm": {"format": "webm", "cues_to_front": 1},
}
_ENCODERS: dict[str, dict[str, Any]] = {
    "h264": {"c:v": "libx264", "preset": "veryfast", "profile:v": "high", "g": 120},
    "vp9": {"c:v": "libvpx-vp9", "deadline": "realtime", "cpu-used": 8, "row-mt": 1, "g": 240},
    "av1": {"c:v": "libsvtav1", "preset": 10, "g": 240, "svtav1-params": "lp=2"},
}
_QUALITIES = {"h264": 21, "vp9": 34, "av1": 35}
_SMALL_H264_QUALITY = 23


def write_film(
    original: OpenOriginal, film: Film, output: WantedOutput, recipe: FilmRecipe, report: Report
) -> RenderedFile:
    """Write a film as its recipe asks, check that it is as long as the original, and describe it.

    Raises:
        RenderFailed: the film is too long, is damaged, or takes too long to encode.
    """
    if film.picture is None:
        raise RenderFailed("not_applicable", "There is no picture in the film")
    if film.duration_ms > LONGEST_MS:
        raise RenderFailed("too_large", "The film is longer than six hours")
    copies = may_copy_picture(film, film.picture, recipe)
    sides = (film.picture.width, film.picture.height)
    size = sides if copies else fit_film(film.picture, recipe.height)
    with part_of(output.path) as part:
        command = _command(open_input(original), film, recipe, size if not copies else None, part)
        write_output(
            command,
            part,
            original,
            duration_ms=film.duration_ms,
            load=1 if copies else _load(film.picture),
            report=report,
        )
        made_ms = check_length(film, part)
    return describe(output, width=size[0], height=size[1], duration_ms=made_ms)


def may_copy_picture(film: Film, picture: Picture, recipe: FilmRecipe) -> bool:
    """Whether browsers play the picture of a film as it is, and nothing in it may be hidden."""
    limit = min(recipe.bitrate_kbit * 1000 or _HIGHEST_BIT_RATE, _HIGHEST_BIT_RATE)
    is_plain = picture.pix_fmt in {"yuv420p", "yuvj420p"} and picture.is_square
    is_troubled = picture.is_hdr or picture.is_interlaced or picture.has_notes
    is_small = min(picture.width, picture.height) <= min(recipe.height, 1080)
    return (
        _is_codec(picture, recipe)
        and bool(film.containers & _TIMED)
        and is_plain
        and not is_troubled
        and is_small
        and max(picture.width, picture.height) <= LONGEST_EDGE
        and 0 < film.bit_rate <= limit
    )


def check_length(film: Film, part: str) -> int:
    """Make sure that what was made is as long as the original; return its milliseconds.

    A film that was cut off converts without an error, to as much as there is of it.

    Raises:
        RenderFailed: it is not, so the original is damaged.
    """
    made_ms = measure_duration(part)
    if not film.lasts(made_ms):
        raise RenderFailed("damaged", "The film or sound is damaged: a part of it is missing")
    return made_ms


def limit_seconds(film: Film) -> float:
    """Say after how many seconds writing ends, whatever else the file has to give."""
    return min(LONGEST_MS, film.duration_ms + 10_000) / 1000


def _is_codec(picture: Picture, recipe: FilmRecipe) -> bool:
    if recipe.codec == "h264":
        return picture.codec == "h264" and picture.profile in _H264_PROFILES
    return picture.codec == recipe.codec


def _command(
    source: Any, film: Film, recipe: FilmRecipe, size: tuple[int, int] | None, part: str
) -> Any:
    """Build the command; `size` none means that the picture is copied."""
    kind = "h264" if recipe.codec == "h264" else "webm"
    picture, options = film.picture, {**BARE, **_CONTAINERS[kind], "t": limit_seconds(film)}
    if picture is None:
        raise TypeError(film)
    stream = source[str(picture.index)]
    if size is None:
        options |= {"c:v": "copy"}
    else:
        stream = _filter(stream, picture, size)
        options |= {**_ENCODERS[recipe.codec], **_rate(recipe), "fps_mode": "vfr"}
    streams = [stream]
    if film.sound:
        streams.append(source[str(film.sound.index)])
        options |= _sound_options(film.sound, recipe, kind)
    return ffmpeg.output(*streams, f"file:{part}", **options)


def _filter(stream: Any, picture: Picture, size: tuple[int, int]) -> Any:
    if picture.frame_rate > _HIGHEST_RATE + 1:
        stream = thin_out(stream, _HIGHEST_RATE)
    return map_tones(reduce(stream, picture, size), picture).filter("format", "yuv420p")


def _rate(recipe: FilmRecipe) -> dict[str, Any]:
    if not recipe.bitrate_kbit:
        is_small = recipe.codec == "h264" and recipe.height <= _LARGEST_SMALL_HEIGHT
        quality = _SMALL_H264_QUALITY if is_small else _QUALITIES[recipe.codec]
        # Without a bit rate of 0, VP9 takes the quality for a limit only.
        return {"crf": quality} | ({"b:v": 0} if recipe.codec == "vp9" else {})
    rate = {"b:v": f"{recipe.bitrate_kbit}k"}
    if recipe.codec != "av1":
        # SVT-AV1 knows a limit only beside constant quality.
        rate |= {"maxrate": f"{recipe.bitrate_kbit}k", "bufsize": f"{2 * recipe.bitrate_kbit}k"}
    return rate


def _sound_options(sound: Sound, recipe: FilmRecipe, kind: str) -> dict[str, Any]:
    # Never worse than half of what is asked for: what was compressed once is not pressed again.
    if sound.codec in _SOUNDS[kind] and sound.bit_rate <= 2000 * recipe.audio_kbit:
        return {"c:a": "copy"}
    return {
        "c:a": "aac" if kind == "h264" else "libopus",
        "b:a": f"{recipe.audio_kbit}k",
        "ac": min(2, max(1, sound.channels)),
    }


def _load(picture: Picture) -> float:
    """Say how much longer than a film of 1080 lines this one may take to encode."""
    pixels = max(1.0, picture.width * picture.height / _FULL_HD)
    return pixels * (2 if picture.is_hdr else 1) * max(1.0, picture.frame_rate / _HIGHEST_RATE)
