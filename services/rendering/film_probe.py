"""Look into a film or a sound with PyAV, inside the guarded process only."""

import contextlib
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
from av.sidedata.sidedata import Type
from av.stream import Disposition

from services.rendering.ffmpeg import MOST_PIXELS, SAFE_READING
from services.rendering.film import Film, Picture, Sound
from services.rendering.original import OpenOriginal, RenderFailed

#: Transfer functions of ITU-T H.273 that need tone mapping: PQ (SMPTE ST 2084) and HLG.
_HDR_TRANSFERS = frozenset({16, 18})
#: Of H.273 too: nobody said which.
_UNSPECIFIED = 2
#: AVFieldOrder: from here on fields are interlaced.
_FIRST_INTERLACED = 2
#: Nothing in these says how long they are, so that the demultiplexer only guesses.
_GUESSING = frozenset({"mp3", "aac"})
#: The mark that x264 sets before its settings; any other note can be a camera's place and time.
_X264_NOTE = bytes.fromhex("dc45e9bde6d948b7962cd820d923eeef")
_QUARTER_TURN, _HALF_TURN = 90, 180
#: As long as a few frames of sound.
_FRAMES_MS = 100
_LONGEST_TAG = 2000
_LONGEST_MS = (1 << 31) - 1


@contextlib.contextmanager
def open_container(path: str) -> Iterator[Any]:
    """Open a film or a sound with PyAV; whatever goes wrong inside the block is explained.

    Raises:
        RenderFailed: it is of no kind that may be read, is damaged, or needs too much memory.
    """
    limits = {**SAFE_READING, "max_pixels": str(MOST_PIXELS)}
    try:
        with av.open(f"file:{path}", options=limits, metadata_errors="replace") as container:
            yield container
    except (av.error.ArgumentError, av.error.LookupError, av.error.PatchWelcomeError) as error:
        raise RenderFailed("unsupported", "The file is no film or sound that is read") from error
    except av.error.MemoryError as error:
        raise RenderFailed("memory", "The film or sound needs too much memory") from error
    except av.error.FFmpegError as error:
        raise RenderFailed("damaged", "The film or sound is damaged") from error


def probe(original: OpenOriginal) -> Film:
    """Look into a film or a sound, and at its first picture.

    Raises:
        RenderFailed: see `open_container`; or its pictures have too many pixels.
    """
    with open_container(original.path) as container:
        covers = [one for one in container.streams.video if _is_cover(one)]
        moving = [one for one in container.streams.video if not _is_cover(one)]
        # A phone may put a sound that nobody decodes beside the one that everybody does.
        sounds = [one for one in container.streams.audio if one.codec_context]
        tags = _read_tags(container.metadata, *(one.metadata for one in sounds[:1]))
        film = Film(
            containers=frozenset(container.format.name.split(",")),
            duration_ms=_read_duration(original, container),
            bit_rate=container.bit_rate or 0,
            sound=_read_sound(sounds[0]) if sounds else None,
            cover=covers[0].index if covers else None,
            # Last, because it reads on.
            picture=_read_picture(container, moving[0]) if moving else None,
            **tags,
        )
    if film.picture is None and film.sound is None:
        raise RenderFailed("unsupported", "There is neither film nor sound in the file")
    return film


def measure_duration(path: str) -> int:
    """Say how long a film or sound is by its header, in milliseconds; 0 where it does not say.

    Raises:
        RenderFailed: see `open_container`.
    """
    with open_container(path) as container:
        return int(container.duration or 0) // 1000


def read_cover(original: OpenOriginal, index: int) -> bytes:
    """Read the still picture that comes along with a sound, as it was put in.

    Raises:
        RenderFailed: see `open_container`.
    """
    with open_container(original.path) as container:
        for packet in container.demux(container.streams[index]):
            return bytes(packet)
    raise RenderFailed("damaged", "The cover of the sound is missing")


def _is_cover(stream: Any) -> bool:
    return bool(stream.disposition & Disposition.attached_pic)


def _read_duration(original: OpenOriginal, container: Any) -> int:
    said = max(0, int(container.duration or 0)) // 1000
    if said and container.format.name not in _GUESSING:
        return min(_LONGEST_MS, said)
    counted = _count_duration(original)
    # A guess that is right knows better what encoders put in front.
    return min(_LONGEST_MS, said if abs(said - counted) <= _FRAMES_MS else counted)


def _count_duration(original: OpenOriginal) -> int:
    """Read all packets, because nothing else says how long the film or sound is."""
    first, last = None, Fraction(0)
    with open_container(original.path) as container:
        streams = [one for one in container.streams if one.type in {"video", "audio"}]
        for packet in container.demux([one for one in streams if not _is_cover(one)]):
            if packet.pts is None:
                continue
            begins = packet.pts * packet.time_base
            first = begins if first is None else min(first, begins)
            last = max(last, begins + (packet.duration or 0) * packet.time_base)
    length = Fraction(0) if first is None else last - first
    return int(length * 1000)


def _read_sound(stream: Any) -> Sound:
    context = stream.codec_context
    return Sound(
        index=stream.index,
        # PyAV names decoders ("mp3float"), we mean what is decoded.
        codec=stream.codec.canonical_name,
        duration_ms=_stream_duration(stream),
        channels=context.channels,
        sample_rate=context.sample_rate,
        sample_format=context.format.name if context.format else "",
        bit_rate=context.bit_rate or 0,
    )


def _read_picture(container: Any, stream: Any) -> Picture:
    context = stream.codec_context
    if context is None:
        raise RenderFailed("unsupported", "The film is of a kind that cannot be read")
    if stream.width * stream.height > MOST_PIXELS:
        raise RenderFailed("too_large", f"{stream.width} × {stream.height} pixels are too many")
    context.thread_count = 1
    context.options = {"max_pixels": str(MOST_PIXELS)}
    frame = next(container.decode(stream), None)
    if frame is None:
        raise RenderFailed("damaged", "There is no picture in the film")
    width, height = _stand_upright(stream, frame)
    return Picture(
        index=stream.index,
        codec=stream.codec.canonical_name,
        profile=stream.profile or "",
        pix_fmt=frame.format.name,
        width=width,
        height=height,
        rotation=frame.rotation,
        duration_ms=_stream_duration(stream),
        frame_rate=float(stream.average_rate or 0),
        is_hdr=bool({context.color_trc, frame.color_trc} & _HDR_TRANSFERS),
        is_interlaced=context.field_order >= _FIRST_INTERLACED or frame.interlaced_frame,
        is_square=_pixel_shape(stream) == 1,
        is_matrix_known=frame.colorspace != _UNSPECIFIED,
        has_notes=_has_notes(frame),
    )


def _stand_upright(stream: Any, frame: Any) -> tuple[int, int]:
    width = max(1, round(frame.width * _pixel_shape(stream)))
    is_turned = abs(frame.rotation) % _HALF_TURN == _QUARTER_TURN
    return (frame.height, width) if is_turned else (width, frame.height)


def _pixel_shape(stream: Any) -> Fraction:
    shape = Fraction(stream.sample_aspect_ratio or 1)
    # What is narrower or wider than any camera writes is an error of the file.
    return shape if Fraction(1, 4) <= shape <= Fraction(4) else Fraction(1)


def _stream_duration(stream: Any) -> int:
    if not stream.duration or stream.duration < 0 or not stream.time_base:
        return 0
    return min(_LONGEST_MS, int(stream.duration * stream.time_base * 1000))


def _has_notes(frame: Any) -> bool:
    """Whether somebody other than x264 wrote notes between the pictures, as cameras do."""
    notes = [one for one in frame.side_data if one.type is Type.SEI_UNREGISTERED]
    return any(not bytes(note).startswith(_X264_NOTE) for note in notes)


def _read_tags(*sources: dict[str, str]) -> dict[str, str]:
    """Read what the file says of itself; names as in MP4, Matroska, Vorbis and QuickTime."""
    tags: dict[str, str] = {}
    for source in sources:
        for name, value in source.items():
            tags.setdefault(name.casefold().removeprefix("com.apple.quicktime."), value)
    return {
        "title": _tag(tags, "title"),
        "creator": _tag(tags, "artist", "author", "album_artist"),
        "copyright": _tag(tags, "copyright"),
        "description": _tag(tags, "description", "comment"),
    }


def _tag(tags: dict[str, str], *names: str) -> str:
    values = (tags.get(name, "").strip() for name in names)
    return next(filter(None, values), "")[:_LONGEST_TAG]
