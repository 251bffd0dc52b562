"""Films that mean harm, or are not what they seem."""

import os
from pathlib import Path
from types import SimpleNamespace

import ffmpeg
import pytest

from services.formats.recipes import (
    FilmRecipe,
    MotionRecipe,
    PeaksRecipe,
    PictureRecipe,
    SoundRecipe,
    StoryboardRecipe,
)
from services.rendering.ffmpeg import open_input, read_output
from services.rendering.film_probe import open_container
from services.rendering.films import render
from services.rendering.original import OpenOriginal, RenderFailed
from tests.clips import order, read_packets, run_ffmpeg, watched_memory, write_film

EVERYTHING = {
    "poster": PictureRecipe(320, 320, "webp"),
    "moving": MotionRecipe(160, 160),
    "board": StoryboardRecipe(40, columns=2, rows=2),
    "film": FilmRecipe(90),
    "sound": SoundRecipe("aac"),
    "peaks": PeaksRecipe(),
}


def render_all(pool, path, media_type="video/mp4"):
    (outcome,) = pool.render([order(path, path.parent / "out", EVERYTHING, media_type)])
    return outcome


def say_nothing(share):
    pass


def a_playlist(neighbour):
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n{neighbour}\n#EXT-X-ENDLIST\n"


def a_script(neighbour):
    return f"ffconcat version 1.0\nfile {neighbour}\n"


@pytest.mark.parametrize("write", [a_playlist, a_script])
@pytest.mark.parametrize(("name", "is_near"), [("bad.m3u8", True), ("bad.mp4", False)])
def test_a_file_that_names_its_neighbour_does_not_get_it(pool, tmp_path, write, name, is_near):
    neighbour = write_film(tmp_path / "neighbour.ts", seconds=1)
    bad = tmp_path / name
    bad.write_text(write(neighbour.name if is_near else neighbour))

    outcome = render_all(pool, bad)

    assert outcome.failure.code in {"unsupported", "damaged"}
    assert "neighbour" not in outcome.failure.message
    assert outcome.files == () and list((tmp_path / "out").iterdir()) == []


def test_only_the_list_of_formats_keeps_a_playlist_out_under_its_own_name(tmp_path):
    neighbour = write_film(tmp_path / "neighbour.ts", seconds=1)
    playlist = tmp_path / "bad.m3u8"
    playlist.write_text(a_playlist(neighbour.name))
    # As on a system that cannot name a file by its descriptor.
    named = SimpleNamespace(path=str(playlist), descriptor=os.open(playlist, os.O_RDONLY))
    copy = {"c": "copy", "format": "mpegts"}

    run_ffmpeg("-protocol_whitelist", "file", "-i", playlist, "-c", "copy", tmp_path / "taken.ts")
    with pytest.raises(RenderFailed) as by_ffmpeg:
        read_output(ffmpeg.output(open_input(named), "pipe:1", **copy), named, 20, 1, say_nothing)
    with pytest.raises(RenderFailed) as by_pyav, open_container(named.path):
        pass
    os.close(named.descriptor)

    assert (tmp_path / "taken.ts").stat().st_size > 1000
    assert by_ffmpeg.value.failure.code == by_pyav.value.failure.code == "unsupported"


def test_one_picture_an_hour_for_a_hundred_hours_costs_little_and_is_refused_as_a_film(
    pool, tmp_path
):
    sparse = write_film(tmp_path / "sparse.mp4", rate="1/3600", seconds=360_000, tone="")

    with watched_memory() as seen:
        outcome = render_all(pool, sparse)

    assert outcome.failures["film"].code == "too_large"
    assert outcome.facts.duration_ms == 360_000_000
    assert {file.name for file in outcome.files} == {"poster", "moving", "board"}
    assert seen.megabytes < 300


def test_one_picture_an_hour_is_not_filled_up_with_copies(pool, tmp_path):
    sparse = write_film(tmp_path / "sparse.mp4", rate="1/3600", seconds=18_000, tone="")

    with watched_memory() as seen:
        outcome = render_all(pool, sparse)

    (film,) = [file for file in outcome.files if file.name == "film"]
    assert len(read_packets(film.path, "video")) == 5
    assert seen.megabytes < 300


def test_a_film_of_too_many_pixels_is_refused_whatever_its_container_says(pool, tmp_path):
    huge = write_film(tmp_path / "huge.mp4", size="10000x5008", rate=1, seconds=1, tone="")
    liar = tmp_path / "liar.mp4"
    size, small = (10000, 5008), (320, 240)
    content = huge.read_bytes()
    for width in (2, 4):
        was, becomes = (
            b"".join(edge.to_bytes(2, "big").ljust(width, b"\0") for edge in edges)
            for edges in (size, small)
        )
        assert was in content
        content = content.replace(was, becomes)
    liar.write_bytes(content)

    outcomes = [render_all(pool, path) for path in (huge, liar)]

    assert [outcome.failure.code for outcome in outcomes] == ["too_large", "too_large"]
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(("share", "code"), [(0.5, None), (0.001, "damaged"), (0, "damaged")])
def test_a_film_that_was_cut_off_is_damaged(pool, tmp_path, share, code):
    whole = write_film(tmp_path / "whole.mp4", "-movflags", "+faststart").read_bytes()
    path = tmp_path / "cut.mp4"
    path.write_bytes(whole[: int(len(whole) * share)])

    outcome = render_all(pool, path)

    if code:
        assert outcome.failure.code == code
    else:
        assert outcome.failures["film"].code == outcome.failures["sound"].code == "damaged"
        assert {file.name for file in outcome.files} >= {"poster", "board"}
    assert not list((tmp_path / "out").glob("*.part"))


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="needs a device that is full")
def test_a_film_for_which_there_is_no_room_does_not_count_as_damaged(tmp_path):
    film = write_film(tmp_path / "film.mp4", seconds=1)
    asked = order(film, tmp_path / "out", {"film": FilmRecipe(90)}, "video/mp4")
    # A link of our own, so that whatever is renamed or removed is the link.
    (tmp_path / "out" / "film.part").symlink_to("/dev/full")

    with OpenOriginal(asked) as original, pytest.raises(OSError, match="No space left"):
        render(original, asked, say_nothing)

    assert list((tmp_path / "out").iterdir()) == []
    assert Path("/dev/full").is_char_device()


def test_what_is_no_film_is_refused_in_words(tmp_path):
    path = tmp_path / "noise.mp4"
    path.write_bytes(bytes(range(256)) * 200)
    asked = order(path, tmp_path / "out", EVERYTHING, "video/mp4")

    with OpenOriginal(asked) as original, pytest.raises(RenderFailed) as caught:
        render(original, asked, say_nothing)

    assert caught.value.failure.code in {"damaged", "unsupported"}
    assert str(tmp_path) not in caught.value.failure.message
