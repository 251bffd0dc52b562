import subprocess
from pathlib import Path

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
from tests.clips import H264, HALVES, look_into, order, read_packets, run_ffmpeg, write_film
from tests.tools import need_tool

POSTER = PictureRecipe(640, 640, "png")
SECRETS = ("SECRETTITLE", "SECRETHANDLER", "SECRETNOTE", "+52.5", "13.4")
HDR = ("-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", "-x265-params",
       "log-level=none:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc",
       "-color_trc", "smpte2084", "-color_primaries", "bt2020", "-colorspace", "bt2020nc")  # fmt: skip


@pytest.fixture(scope="session")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("films") / "film.mp4"
    return write_film(
        path, "-metadata", "title=SECRETTITLE", "-metadata", "artist=Anna",
        "-metadata", "copyright=Free", "-metadata", "comment=A film",
        "-metadata", "location=+52.5000+013.4000/", "-metadata:s:v", "handler_name=SECRETHANDLER",
    )  # fmt: skip


def render(pool, path, media_type="video/mp4", **recipes):
    (outcome,) = pool.render([order(path, path.parent / f"of-{path.name}", recipes, media_type)])
    return outcome


def render_film(pool, path, recipe, media_type="video/mp4"):
    outcome = render(pool, path, media_type, film=recipe)
    assert (outcome.failure, outcome.failures) == (None, {})
    return outcome.files[0]


def is_red(pixel):
    return pixel[0] > 130 and pixel[2] < 110


def is_blue(pixel):
    return pixel[2] > 130 and pixel[0] < 110


def test_a_film_that_browsers_play_is_copied_packet_by_packet(pool, film):
    made = render_film(pool, film, FilmRecipe(1080))

    assert read_packets(made.path, "video") == read_packets(film, "video")
    assert read_packets(made.path, "audio") == read_packets(film, "audio")
    assert (made.width, made.height, made.duration_ms) == (320, 180, 3000)
    # What a player needs first comes first.
    content = Path(made.path).read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_only_the_sound_is_encoded_where_only_the_sound_is_foreign(pool, tmp_path):
    path = write_film(tmp_path / "film.mov", "-c:a", "pcm_s16le")

    made = render_film(pool, path, FilmRecipe(1080), "video/quicktime")

    assert read_packets(made.path, "video") == read_packets(path, "video")
    assert look_into(made.path)["sound"] == "aac"


@pytest.mark.parametrize(
    ("size", "shorter", "expected"),
    [
        ("640x360", 180, (320, 180)),
        ("360x640", 180, (180, 320)),
        ("480x200", 720, (480, 200)),
        ("321x241", 720, (320, 240)),
    ],
)
def test_a_film_is_reduced_to_its_shorter_side_and_never_enlarged(
    pool, tmp_path, size, shorter, expected
):
    lossless = ("-c:v", "ffv1", "-pix_fmt", "yuv444p")
    path = write_film(tmp_path / "film.mkv", size=size, seconds=1, codec=lossless)

    made = render_film(pool, path, FilmRecipe(shorter), "video/x-matroska")

    found = look_into(made.path)
    assert (made.width, made.height) == found["size"] == expected
    assert (found["picture"], found["format"], found["sound"]) == ("h264", "yuv420p", "aac")


@pytest.mark.parametrize("codec", ["vp9", "av1"])
def test_free_codecs_come_in_webm_with_opus(pool, film, codec):
    made = render_film(pool, film, FilmRecipe(120, codec))

    found = look_into(made.path)
    assert (found["picture"], found["sound"]) == (codec, "opus")
    assert Path(made.path).read_bytes()[:4] == b"\x1aE\xdf\xa3"


def test_a_bit_rate_that_is_asked_for_is_kept(pool, tmp_path):
    path = write_film(tmp_path / "film.mp4", source="testsrc2=size={size}:duration={seconds}")

    made = render_film(pool, path, FilmRecipe(180, bitrate_kbit=200, audio_kbit=64))

    assert made.size_bytes * 8 / 3 < 350_000


@pytest.mark.parametrize(("shorter", "rotation"), [(1080, 90), (120, 0)])
def test_a_turned_film_stays_upright_copied_or_encoded(pool, tmp_path, shorter, rotation):
    flat, path = write_film(tmp_path / "flat.mp4"), tmp_path / "turned.mp4"
    run_ffmpeg("-display_rotation", 90, "-i", flat, "-c", "copy", path)

    outcome = render(pool, path, film=FilmRecipe(shorter), poster=POSTER)

    files = {file.name: file for file in outcome.files}
    found = look_into(files["film"].path)
    assert (outcome.facts.width, outcome.facts.height) == (180, 320)
    assert (found["rotation"], files["film"].width < files["film"].height) == (rotation, True)
    # Turned against the clock: what was left is below.
    poster = pyvips.Image.new_from_file(files["poster"].path)
    assert (poster.width, poster.height) == (180, 320)
    assert is_blue(poster(90, 40)) and is_red(poster(90, 280))


def test_hdr_is_brought_down_to_what_every_screen_shows(pool, tmp_path):
    path = write_film(tmp_path / "hdr.mp4", codec=HDR, seconds=1)

    outcome = render(pool, path, film=FilmRecipe(1080), poster=POSTER, moving=MotionRecipe(90, 90))

    assert outcome.failures == {}
    files = {file.name: file for file in outcome.files}
    found = look_into(files["film"].path)
    assert (found["transfer"], found["format"]) == (1, "yuv420p")
    assert is_red(found["pixels"][90][40]) and is_blue(found["pixels"][90][280])
    poster = pyvips.Image.new_from_file(files["poster"].path)
    assert is_red(poster(40, 90)) and is_blue(poster(280, 90))


def test_fields_and_oblong_pixels_become_a_plain_picture(pool, tmp_path):
    mpeg = ("-vf", "setsar=64/45,setfield=tff", "-c:v", "mpeg2video", "-flags", "+ildct+ilme")
    path = write_film(tmp_path / "tape.ts", size="720x576", codec=mpeg, seconds=1)

    made = render_film(pool, path, FilmRecipe(1080), "video/mp2t")

    assert look_into(made.path)["size"] == (1024, 576)


def test_a_film_without_sound_is_a_film_still(pool, tmp_path):
    path = write_film(tmp_path / "mute.mp4", tone="", seconds=1)

    outcome = render(pool, path, film=FilmRecipe(90), sound=SoundRecipe("aac"), peaks=PeaksRecipe())

    assert [file.name for file in outcome.files] == ["film"]
    assert look_into(outcome.files[0].path)["kinds"] == ["video"]
    codes = {name: failure.code for name, failure in outcome.failures.items()}
    assert codes == {"sound": "not_applicable", "peaks": "not_applicable"}
    assert not outcome.facts.has_sound and outcome.facts.has_picture


def test_a_film_of_sound_alone_is_rendered_as_a_sound(pool, tmp_path):
    path = tmp_path / "voice.mp4"
    run_ffmpeg("-f", "lavfi", "-i", "sine=duration=2", "-c:a", "aac", "-f", "mp4", path)

    outcome = render(
        pool, path, film=FilmRecipe(90), poster=POSTER, sound=SoundRecipe("mp3"), text=TextRecipe()
    )

    assert [file.name for file in outcome.files] == ["sound"]
    assert {failure.code for failure in outcome.failures.values()} == {"not_applicable"}
    assert not outcome.facts.has_picture


def test_what_the_film_says_of_itself_is_found_and_goes_no_further(pool, film):
    recipes = {"copy": FilmRecipe(1080), "small": FilmRecipe(90), "free": FilmRecipe(90, "vp9"),
               "sound": SoundRecipe("aac"), "moving": MotionRecipe(90, 90), "poster": POSTER}  # fmt: skip

    outcome = render(pool, film, **recipes)

    facts = outcome.facts
    assert (facts.title, facts.creator, facts.copyright) == ("SECRETTITLE", "Anna", "Free")
    assert (facts.description, facts.duration_ms) == ("A film", 3000)
    assert (facts.width, facts.height, facts.has_sound) == (320, 180, True)
    assert len(outcome.files) == len(recipes)
    for file in outcome.files:
        content = Path(file.path).read_bytes()
        assert not [word for word in SECRETS if word.encode() in content]


def test_a_reader_of_metadata_finds_no_place_and_no_person_in_a_copy(pool, film):
    need_tool("exiftool")
    made = render_film(pool, film, FilmRecipe(1080))

    said = subprocess.run(
        ["exiftool", "-a", "-G1", made.path], capture_output=True, text=True, check=True
    ).stdout
    assert not [word for word in ("GPS", "Location", "Anna", "SECRET") if word in said]


def test_notes_of_a_camera_between_the_pictures_are_not_copied(pool, tmp_path):
    note = "h264_metadata=sei_user_data=086f3693-b7b3-4f2c-9653-21492feee5b8+SECRETNOTE"
    path = write_film(tmp_path / "notes.mp4", "-bsf:v", note, seconds=1)
    assert b"SECRETNOTE" in path.read_bytes()

    made = render_film(pool, path, FilmRecipe(1080))

    assert b"SECRETNOTE" not in Path(made.path).read_bytes()


def test_a_film_without_a_length_in_its_header_is_measured(pool, tmp_path):
    path = tmp_path / "live.mkv"
    whole = write_film(tmp_path / "film.mkv", codec=H264)
    run_ffmpeg("-i", whole, "-c", "copy", "-f", "matroska", "-live", 1, path)

    outcome = render(pool, path, "video/x-matroska", film=FilmRecipe(90))

    assert abs(outcome.facts.duration_ms - 3000) < 100
    assert abs(look_into(outcome.files[0].path)["seconds"] - 3) < 0.2


def test_a_moving_picture_is_short_silent_and_of_about_twelve_pictures_a_second(pool, tmp_path):
    path = write_film(
        tmp_path / "film.mp4", source="testsrc2=size={size}:duration={seconds}", seconds=5
    )

    (made,) = render(pool, path, moving=MotionRecipe(100, 100, seconds=2)).files

    moving = pyvips.Image.new_from_file(made.path, n=-1)
    assert (made.width, made.height) == (moving.width, moving.get("page-height")) == (100, 56)
    assert 20 <= moving.get("n-pages") <= 26
    assert abs(sum(moving.get("delay")) - 2000) < 150


def test_a_storyboard_shows_the_film_in_order_at_equal_distances(pool, tmp_path):
    halves = (
        "color=red:size={size}:duration=1.5[a];color=blue:size={size}:duration=1.5[b];[a][b]concat"
    )
    path = write_film(tmp_path / "film.mp4", source=halves)

    (made,) = render(pool, path, board=StoryboardRecipe(40, columns=4, rows=2)).files

    board = pyvips.Image.new_from_file(made.path)
    assert (made.width, made.height) == (board.width, board.height) == (160, 44)
    assert [is_red(board(x, 11)) for x in (20, 60, 100, 140)] == [True] * 4
    assert [is_blue(board(x, 33)) for x in (20, 60, 100, 140)] == [True] * 4


def test_a_poster_is_made_even_of_one_single_picture(pool, tmp_path):
    path = write_film(tmp_path / "one.mp4", seconds=0.04, tone="", source=HALVES)

    (made,) = render(pool, path, poster=PictureRecipe(100, 100, "jpeg", fit="cover")).files

    assert (made.width, made.height, bool(made.placeholder)) == (100, 100, True)


def test_a_film_whose_picture_ends_before_its_sound_is_looked_at_where_there_is_one(pool, tmp_path):
    path = write_film(tmp_path / "talk.mp4", tone="sine=duration=30", seconds=1)
    recipes = {"poster": POSTER, "moving": MotionRecipe(90, 90), "board": StoryboardRecipe(40),
               "film": FilmRecipe(90)}  # fmt: skip

    outcome = render(pool, path, **recipes)

    assert (outcome.failures, outcome.facts.duration_ms) == ({}, 30_000)
    files = {file.name: file for file in outcome.files}
    assert (files["moving"].duration_ms, files["film"].duration_ms) == (1000, 30_000)
