"""How the work on a film goes on, and how it is stopped on the way."""

import os
import signal
import time
from contextlib import suppress
from types import SimpleNamespace

import psutil
import pytest

from services.formats.recipes import FilmRecipe, MotionRecipe, PeaksRecipe, PictureRecipe
from services.rendering.films import render
from services.rendering.original import OpenOriginal
from services.rendering.pool import RenderPool
from tests.clips import find_ffmpeg, order, run_ffmpeg, write_film

EVERYTHING = {
    "poster": PictureRecipe(320, 320, "webp"),
    "moving": MotionRecipe(160, 160),
    "film": FilmRecipe(90),
    "peaks": PeaksRecipe(),
}
SLOW = FilmRecipe(360)


@pytest.fixture(scope="session")
def long_film(tmp_path_factory):
    """Three minutes, that take any machine some seconds to encode."""
    folder = tmp_path_factory.mktemp("long")
    source = "testsrc2=size={size}:duration={seconds}"
    piece = write_film(folder / "piece.mp4", size="1280x720", source=source)
    run_ffmpeg("-stream_loop", 59, "-i", piece, "-c", "copy", folder / "long.mp4")
    return folder / "long.mp4"


def say_nothing(share):
    pass


def stop_at_once(order, share):
    return False


def has_ended(process):
    with suppress(psutil.NoSuchProcess):
        return process.status() == psutil.STATUS_ZOMBIE
    return True


def wait_until(is_so, seconds=5):
    deadline = time.monotonic() + seconds
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.05)
    return is_so()


def test_progress_grows_to_its_end(pool, long_film, tmp_path):
    said = []
    asked = order(long_film, tmp_path, EVERYTHING, "video/mp4")
    began = time.monotonic()

    def listen(order, share):
        said.append(share)
        return True

    (outcome,) = pool.render([asked], listen)

    assert (outcome.failure, outcome.failures) == (None, {})
    assert said == sorted(said) and said[-1] == 1
    assert len([share for share in said if 0.2 < share < 0.9]) >= 2
    assert len(said) <= 2 * (time.monotonic() - began) + 2


def test_a_report_that_raises_ends_the_work_and_leaves_nothing(long_film, tmp_path):
    class Enough(Exception):
        pass

    asked = order(long_film, tmp_path, {"film": SLOW}, "video/mp4")

    def report(share):
        if share > 0:
            report.at = time.monotonic()
            raise Enough

    with OpenOriginal(asked) as original, pytest.raises(Enough):
        render(original, asked, report)

    assert time.monotonic() - report.at < 5
    assert list(tmp_path.iterdir()) == [] and find_ffmpeg() == []


def test_work_that_the_pool_cancels_leaves_no_process(long_film, tmp_path):
    pool = RenderPool(processes=1, seconds=60, memory_mb=1536)
    asked = order(long_film, tmp_path, {"film": SLOW}, "video/mp4")

    (outcome,) = pool.render([asked], stop_at_once)

    assert outcome.failure.code == "cancelled"
    assert wait_until(lambda: not find_ffmpeg())
    pool.close()


def test_ffmpeg_ends_with_its_worker_even_if_that_is_killed(long_film, tmp_path):
    pool = RenderPool(processes=1, seconds=60, memory_mb=1536)
    asked = order(long_film, tmp_path, {"film": SLOW}, "video/mp4")
    killed = []

    def kill_once(order, share):
        if killed:
            return False
        (program,) = find_ffmpeg()
        os.kill(program.ppid(), signal.SIGKILL)
        # Before the pool takes notice.
        killed.append(wait_until(lambda: has_ended(program)))
        return True

    (outcome,) = pool.render([asked], kill_once)
    pool.close()

    assert (outcome.failure.code, killed) == ("cancelled", [True])
    assert find_ffmpeg() == []


def test_a_film_that_takes_too_long_is_given_up(long_film, tmp_path, monkeypatch):
    monkeypatch.setattr("services.rendering.ffmpeg.time", SimpleNamespace(monotonic=lambda: -1e9))
    asked = order(long_film, tmp_path, {"film": SLOW}, "video/mp4")

    with OpenOriginal(asked) as original:
        outcome = render(original, asked, say_nothing)

    assert outcome.failures["film"].code == "timeout"
    assert list(tmp_path.iterdir()) == []
