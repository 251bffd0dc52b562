"""Make all renditions of one sound. Runs in a guarded process only, and ffmpeg as its child."""

from functools import partial
from typing import Any

import ffmpeg  # type: ignore[import-untyped, unused-ignore]
import pyvips

from services.formats.recipes import PeaksRecipe, PictureRecipe, SoundRecipe
from services.rendering.ffmpeg import LONGEST_MS, open_input, part_of, write_output
from services.rendering.film import Film, Sound
from services.rendering.film_encoding import BARE, check_length, limit_seconds
from services.rendering.film_probe import probe, read_cover
from services.rendering.orders import RenderedFile, RenderOrder, RenderOutcome, Report, WantedOutput
from services.rendering.original import OpenOriginal, RenderFailed
from services.rendering.peaks import write_peaks
from services.rendering.pictures import write_pictures
from services.rendering.profiles import choose_conversion
from services.rendering.sound_frames import has_only_frames
from services.rendering.steps import Step, refuse, take_steps
from services.rendering.written import describe

_HIGHEST_LOSSY_RATE = 48_000
_MOST_COVER_PIXELS = 50_000_000
_LARGEST_COVER_BYTES = 30_000_000
#: These hold no more than 16 bits a sample; planes of floats are what lossy decoders give.
_SHORT_SAMPLES = frozenset({"u8", "u8p", "s16", "s16p", "fltp"})
_CONTAINERS: dict[str, dict[str, Any]] = {
    "aac": {"format": "ipod", "movflags": "+faststart"},
    # ID3 would name the program that wrote it.
    "mp3": {"format": "mp3", "id3v2_version": 0, "write_id3v1": 0},
    "opus": {"format": "ogg"},
    "flac": {"format": "flac"},
    "wav": {"format": "wav", "rf64": "auto"},
}
_LOSSY = {"aac": "aac", "mp3": "libmp3lame", "opus": "libopus"}


def render(original: OpenOriginal, order: RenderOrder, report: Report) -> RenderOutcome:
    """Make everything that an order asks for of a sound.

    Each output fails alone.

    Raises:
        RenderFailed: the sound cannot even be looked into.
    """
    film = probe(original)
    if film.sound is None:
        raise RenderFailed("unsupported", "There is no sound in the file")
    return render_sound(original, film, order, report)


def render_sound(
    original: OpenOriginal, film: Film, order: RenderOrder, report: Report
) -> RenderOutcome:
    """Make everything that an order asks for of what was looked into and has no moving picture."""
    covers = [one for one in order.outputs if isinstance(one.recipe, PictureRecipe)]
    steps = [
        plan_sound(original, film, one)
        for one in order.outputs
        if not isinstance(one.recipe, PictureRecipe)
    ]
    if covers and film.cover is None:
        steps.append(refuse(covers, "The sound has no cover"))
    elif covers:
        steps.insert(0, Step(covers, 1, partial(_write_covers, original, film, covers)))
    return take_steps(order, film.facts, steps, report)


def plan_sound(original: OpenOriginal, film: Film, output: WantedOutput) -> Step:
    """Plan what can be made of the sound of a film or of a sound file."""
    recipe = output.recipe
    if not isinstance(recipe, SoundRecipe | PeaksRecipe):
        return refuse([output], "Nothing of this kind is made of a film or a sound")
    if film.sound is None:
        return refuse([output], "The film has no sound")
    if isinstance(recipe, PeaksRecipe):
        return Step([output], 1, partial(write_peaks, original, film, output, recipe))
    return Step([output], 3, partial(write_sound, original, film, output, recipe))


def write_sound(
    original: OpenOriginal, film: Film, output: WantedOutput, recipe: SoundRecipe, report: Report
) -> tuple[RenderedFile, ...]:
    """Write the sound as its recipe asks, check its length, and describe it.

    What already is of that codec is copied, unless it has more than twice the bits that are wanted,
    or tags stand between its frames.

    Raises:
        RenderFailed: it is too long, is damaged, or takes too long.
    """
    if film.sound is None:
        raise RenderFailed("not_applicable", "There is no sound in the film")
    if film.duration_ms > LONGEST_MS:
        raise RenderFailed("too_large", "The sound is longer than six hours")
    options = {**BARE, **_CONTAINERS[recipe.codec], "t": limit_seconds(film)}
    options |= (
        {"c:a": "copy"} if _may_copy(original, film, recipe) else _encoder(film.sound, recipe)
    )
    with part_of(output.path) as part:
        source = open_input(original)[str(film.sound.index)]
        command = ffmpeg.output(source, f"file:{part}", **options)
        write_output(command, part, original, duration_ms=film.duration_ms, load=1, report=report)
        made_ms = check_length(film, part)
    return (describe(output, duration_ms=made_ms),)


def _may_copy(original: OpenOriginal, film: Film, recipe: SoundRecipe) -> bool:
    """Whether the sound already is what is wanted, and nothing else is copied along with it.

    What is compressed without loss is never copied: it loses nothing, and what hides in it goes.
    """
    sound = film.sound
    if sound is None or recipe.codec not in _LOSSY or sound.codec != recipe.codec:
        return False
    # In a file of sound alone, its container knows the rate better than a stream that says nothing.
    rate = sound.bit_rate or film.bit_rate
    return 0 < rate <= 2000 * recipe.bitrate_kbit and has_only_frames(original, film)


def _encoder(sound: Sound, recipe: SoundRecipe) -> dict[str, Any]:
    if recipe.codec == "wav":
        return {"c:a": "pcm_s16le" if _is_short(sound) else "pcm_s24le"}
    if recipe.codec == "flac":
        # The size of a frame is taken from the first one, which an edit may have cut too short.
        frame = {"c:a": "flac", "frame_size": 4608}
        return frame | ({"sample_fmt": "s16"} if _is_short(sound) else {})
    options: dict[str, Any] = {
        "c:a": _LOSSY[recipe.codec],
        "b:a": f"{recipe.bitrate_kbit}k",
        "ac": min(2, max(1, sound.channels)),
    }
    if sound.sample_rate > _HIGHEST_LOSSY_RATE:
        options["ar"] = _HIGHEST_LOSSY_RATE
    return options


def _is_short(sound: Sound) -> bool:
    return sound.sample_format in _SHORT_SAMPLES


def _write_covers(
    original: OpenOriginal, film: Film, outputs: list[WantedOutput], report: Report
) -> tuple[RenderedFile, ...]:
    if film.cover is None:
        raise RenderFailed("not_applicable", "The sound has no cover")
    content = read_cover(original, film.cover)
    report(0.2)
    return write_pictures(_decode_cover(content), outputs)


def _decode_cover(content: bytes) -> Any:
    """Decode a cover upright and in sRGB; it is as little to be trusted as any picture."""
    head = pyvips.Image.new_from_buffer(content, "", access="sequential")
    if len(content) > _LARGEST_COVER_BYTES or head.width * head.height > _MOST_COVER_PIXELS:
        raise RenderFailed("too_large", f"{head.width} × {head.height} pixels are too many")
    options = {"size": "down", "fail_on": "truncated", **choose_conversion(head)}
    return pyvips.Image.thumbnail_buffer(content, head.width, height=head.height, **options)
