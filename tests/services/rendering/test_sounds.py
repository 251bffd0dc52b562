import os
from pathlib import Path

import numpy as np
import psutil
import pytest
import pyvips

from services.formats.recipes import (
    FilmRecipe,
    MotionRecipe,
    PeaksRecipe,
    PictureRecipe,
    SoundRecipe,
    StoryboardRecipe,
    TextRecipe,
)
from services.rendering import peaks
from services.rendering.original import OpenOriginal
from services.rendering.sound_frames import measure_adts, measure_mp3
from services.rendering.sounds import render as render_here
from tests.clips import look_into, order, read_packets, run_ffmpeg, write_sound
from tests.photographs import write_photograph

MP3 = ("-c:a", "libmp3lame", "-b:a", "128k")
AAC = ("-c:a", "aac", "-b:a", "128k")
OPUS = ("-c:a", "libopus", "-b:a", "96k")
#: The tag that taggers put behind an MP3, and that players look for there.
APE_TAG = b"APETAGEX" + bytes(24) + b"Location\0SECRETPLACE" + b"APETAGEX" + bytes(24)


def render(pool, path, **recipes):
    (outcome,) = pool.render([order(path, path.parent / f"of-{path.name}", recipes, "audio/any")])
    return outcome


def render_sound(pool, path, recipe):
    outcome = render(pool, path, sound=recipe)
    assert (outcome.failure, outcome.failures) == (None, {})
    return outcome.files[0]


def add_cover(sound, folder, *options):
    path = folder / f"cover-{sound.name}"
    cover = write_photograph(folder / "cover.jpg", width=300, height=200)
    both = ("-i", sound, "-i", cover, "-map", 0, "-map", 1, "-c", "copy")
    run_ffmpeg(*both, "-disposition:v", "attached_pic", *options, path)
    return path


@pytest.mark.parametrize(
    ("codec", "found_as", "magic"),
    [
        ("aac", "aac", b"ftypM4A "),
        ("mp3", "mp3", b"\xff\xfb"),
        ("opus", "opus", b"OggS"),
        ("flac", "flac", b"fLaC"),
        ("wav", "pcm_s16le", b"RIFF"),
    ],
)
def test_a_sound_is_encoded_as_it_is_asked_for(pool, tmp_path, codec, found_as, magic):
    path = write_sound(tmp_path / "tone.wav")

    made = render_sound(pool, path, SoundRecipe(codec))

    found = look_into(made.path)
    assert (found["sound"], found["kinds"], found["channels"]) == (found_as, ["audio"], 1)
    assert abs(made.duration_ms - 3000) < 60 and abs(found["seconds"] - 3) < 0.06
    assert magic in Path(made.path).read_bytes()[:12]


@pytest.mark.parametrize(
    ("name", "options", "codec"),
    [
        ("a.mp3", MP3, "mp3"),
        ("a.m4a", AAC, "aac"),
        ("a.aac", AAC, "aac"),
        ("a.ogg", OPUS, "opus"),
        ("a.webm", OPUS, "opus"),
    ],
)
def test_what_already_is_of_that_codec_is_copied(pool, tmp_path, name, options, codec):
    path = write_sound(tmp_path / name, *options)

    made = render_sound(pool, path, SoundRecipe(codec, 128))

    packets, originals = read_packets(made.path, "audio"), read_packets(path, "audio")
    # In ADTS, seven bytes stand before each packet.
    header = 7 if name == "a.aac" else 0
    assert packets == [packet[header:] for packet in originals]


def test_a_copy_has_at_most_twice_the_bits_that_are_wanted(pool, tmp_path):
    path = write_sound(tmp_path / "rich.mp3", "-c:a", "libmp3lame", "-b:a", "320k", "-ac", 2)

    made = render_sound(pool, path, SoundRecipe("mp3", 96))

    assert made.size_bytes * 8 / 3 < 110_000


@pytest.mark.parametrize("codec", ["aac", "mp3", "opus"])
def test_many_channels_become_two_where_bits_are_few(pool, tmp_path, codec):
    path = write_sound(tmp_path / "around.flac", "-ac", 6)

    assert look_into(render_sound(pool, path, SoundRecipe(codec)).path)["channels"] == 2
    assert look_into(render_sound(pool, path, SoundRecipe("flac")).path)["channels"] == 6


@pytest.mark.parametrize("codec", ["pcm_s16be", "pcm_s24be"])
def test_the_masters_of_studios_are_read(pool, tmp_path, codec):
    path = write_sound(tmp_path / "master.aiff", "-c:a", codec)

    made = render_sound(pool, path, SoundRecipe("aac"))

    assert abs(made.duration_ms - 3000) < 60


def test_24_bits_stay_24_bits_without_loss(pool, tmp_path):
    path = write_sound(tmp_path / "deep.wav", "-c:a", "pcm_s24le")

    made = render_sound(pool, path, SoundRecipe("wav"))

    assert look_into(made.path)["sound"] == "pcm_s24le"
    assert b"".join(read_packets(made.path, "audio")) == b"".join(read_packets(path, "audio"))


def test_what_the_sound_says_of_itself_is_found_and_goes_no_further(pool, tmp_path):
    words = ("title=SECRETTITLE", "artist=Anna SECRET", "copyright=SECRET", "comment=SECRETS")
    path = write_sound(
        tmp_path / "a.mp3", *MP3, *(part for word in words for part in ("-metadata", word)),
        "-write_id3v1", 1,
    )  # fmt: skip

    outcome = render(
        pool, path, **{codec: SoundRecipe(codec) for codec in ("aac", "mp3", "opus", "flac", "wav")}
    )

    facts = outcome.facts
    assert (facts.title, facts.creator) == ("SECRETTITLE", "Anna SECRET")
    assert (facts.copyright, facts.description) == ("SECRET", "SECRETS")
    assert (facts.has_sound, facts.has_picture, facts.duration_ms) == (True, False, 3000)
    assert len(outcome.files) == 5
    for file in outcome.files:
        assert b"SECRET" not in Path(file.path).read_bytes()


@pytest.mark.parametrize(
    ("options", "ending", "tag", "codec"),
    [
        (MP3, "mp3", APE_TAG, "mp3"),
        (MP3, "mp3", b"LYRICSBEGINSECRETPLACE000030LYRICS200", "mp3"),
        (AAC, "aac", APE_TAG, "aac"),
        (("-c:a", "flac"), "flac", APE_TAG, "flac"),
    ],
)
def test_tags_behind_the_last_frame_are_not_copied(pool, tmp_path, options, ending, tag, codec):
    path = write_sound(tmp_path / f"tagged.{ending}", *options)
    path.write_bytes(path.read_bytes() + tag)

    made = render_sound(pool, path, SoundRecipe(codec, 128))

    assert b"SECRETPLACE" not in Path(made.path).read_bytes()
    assert abs(made.duration_ms - 3000) < 100


@pytest.mark.parametrize("name", ["a.mp3", "a.aac"])
def test_a_frame_is_measured_by_its_header(tmp_path, name):
    path = write_sound(tmp_path / name, *(MP3 if name == "a.mp3" else AAC), "-ar", 22050)
    measure = measure_mp3 if name == "a.mp3" else measure_adts

    packets = read_packets(path, "audio")

    assert [measure(packet) for packet in packets] == [len(packet) for packet in packets]
    assert measure(b"not a frame") == 0


@pytest.mark.parametrize(
    ("name", "options"), [("a.mp3", MP3), ("a.m4a", AAC), ("a.flac", ("-c:a", "flac"))]
)
def test_the_cover_of_a_sound_is_its_picture(pool, tmp_path, name, options):
    path = add_cover(write_sound(tmp_path / name, *options), tmp_path)

    outcome = render(
        pool, path, cover=PictureRecipe(150, 150, "webp"), sound=SoundRecipe("mp3", 128)
    )

    files = {file.name: file for file in outcome.files}
    picture = pyvips.Image.new_from_file(files["cover"].path)
    assert (picture.width, picture.height) == (150, 100)
    assert picture(30, 50)[0] > 150 > picture(30, 50)[2]
    assert outcome.facts.has_picture and look_into(files["sound"].path)["kinds"] == ["audio"]


def test_a_cover_that_is_no_picture_fails_alone(pool, tmp_path):
    path = add_cover(write_sound(tmp_path / "a.mp3", *MP3), tmp_path)
    content = path.read_bytes()
    start = content.index(b"\xff\xd8\xff")
    path.write_bytes(content[: start + 40] + bytes(600) + content[start + 640 :])

    outcome = render(pool, path, cover=PictureRecipe(150, 150, "webp"), peaks=PeaksRecipe())

    assert [file.name for file in outcome.files] == ["peaks"]
    assert outcome.failures["cover"].code in {"damaged", "unsupported"}


def test_what_a_sound_has_not_is_not_applicable(pool, tmp_path):
    path = write_sound(tmp_path / "a.mp3", *MP3, seconds=1)
    recipes = {
        "picture": PictureRecipe(150, 150, "webp"),
        "motion": MotionRecipe(90, 90),
        "board": StoryboardRecipe(),
        "film": FilmRecipe(720),
        "text": TextRecipe(),
    }

    outcome = render(pool, path, **recipes)

    assert outcome.files == () and outcome.failure is None
    assert {name: one.code for name, one in outcome.failures.items()} == dict.fromkeys(
        recipes, "not_applicable"
    )


def test_peaks_show_where_a_sound_is_loud(pool, tmp_path):
    half_silent = ("-af", "volume=enable='lt(t,1.5)':volume=0,volume=16dB")
    path = write_sound(tmp_path / "tone.wav", *half_silent)

    (made,) = render(pool, path, peaks=PeaksRecipe(100)).files

    values = Path(made.path).read_bytes()
    assert (len(values), made.media_type) == (100, "application/octet-stream")
    assert max(values[:48]) <= 2
    # An eighth of full scale, made six times as loud.
    assert min(values[52:]) > 150 and max(values) <= 255


@pytest.mark.parametrize("seconds", [0.01, 0.3])
def test_a_sound_shorter_than_its_outline_has_one_all_the_same(pool, tmp_path, seconds):
    path = write_sound(tmp_path / "blip.wav", seconds=seconds)

    (made,) = render(pool, path, peaks=PeaksRecipe(400)).files

    assert len(Path(made.path).read_bytes()) == 400


def test_peaks_of_hours_take_no_more_memory_than_of_minutes():
    hour = 3600 * 8000 * 4
    block = np.linspace(-1, 1, 1 << 14, dtype="<f4").tobytes()
    before = psutil.Process().memory_info().rss

    fine = peaks.measure((block for _ in range(4 * hour // len(block))), 4 * hour // 4 // 400 // 16)

    assert psutil.Process().memory_info().rss - before < 30_000_000
    assert len(fine) < 7000
    assert set(peaks.draw(fine, 400)) == {255}


def test_samples_that_are_no_numbers_do_no_harm():
    odd = np.array([np.nan, np.inf, -np.inf, 0.5], "<f4").tobytes()

    assert peaks.draw(peaks.measure([odd], 1), 4) == bytes([0, 255, 255, 128])


@pytest.mark.parametrize("content", [b"", bytes(5000), b"ID3\x04" + os.urandom(3000)])
def test_what_is_no_sound_fails_as_a_whole(pool, tmp_path, content):
    path = tmp_path / "noise.mp3"
    path.write_bytes(content)

    outcome = render(pool, path, sound=SoundRecipe("aac"))

    assert outcome.failure.code in {"damaged", "unsupported"} and outcome.files == ()


def test_progress_of_a_sound_reaches_its_end(tmp_path):
    path = write_sound(tmp_path / "long.flac", seconds=60)
    asked = order(path, tmp_path, {"a": SoundRecipe("aac"), "b": PeaksRecipe()}, "audio/flac")
    said = []

    with OpenOriginal(asked) as original:
        outcome = render_here(original, asked, said.append)

    assert len(outcome.files) == 2
    assert said == sorted(said) and said[-1] == 1 and len(said) >= 3
