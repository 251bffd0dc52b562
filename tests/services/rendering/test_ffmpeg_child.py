import os
import resource
import sys
import time

import pytest

from services.rendering.ffmpeg_child import read, start, stop
from services.rendering.original import RenderFailed


@pytest.fixture
def descriptor(tmp_path):
    (tmp_path / "original").write_bytes(b"the original")
    opened = os.open(tmp_path / "original", os.O_RDONLY)
    yield opened
    os.close(opened)


def run(descriptor, script, seconds=20.0):
    child = start([sys.executable, "-c", script], descriptor)
    try:
        return b"".join(read(child, time.monotonic() + seconds)).decode()
    finally:
        stop(child)


def fail(descriptor, script, seconds=20.0):
    with pytest.raises(RenderFailed) as caught:
        run(descriptor, script, seconds)
    return caught.value.failure


def test_it_reads_what_we_have_open_and_nothing_of_our_input(descriptor):
    script = f"import os, sys; print(os.read({descriptor}, 99), sys.stdin.read())"

    assert run(descriptor, script) == "b'the original' \n"


def test_it_gets_more_memory_than_we_have_but_not_all(descriptor):
    ours = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (3 << 30, ours[1]))
    try:
        said = run(descriptor, "import resource; print(resource.getrlimit(resource.RLIMIT_AS)[0])")
    finally:
        resource.setrlimit(resource.RLIMIT_AS, ours)

    assert int(said) == 4 << 30


def test_it_is_ended_when_its_time_is_over_even_if_it_will_not(descriptor):
    stubborn = "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
    began = time.monotonic()

    failure = fail(descriptor, stubborn, seconds=2)

    assert failure.code == "timeout"
    assert time.monotonic() - began < 7


def test_it_may_say_more_than_a_pipe_holds(descriptor):
    script = "import sys; sys.stderr.write('x' * 5_000_000); sys.stdout.write('y' * 5_000_000)"

    assert len(run(descriptor, script)) == 5_000_000


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("/home/anna/film.mp4: Invalid data found when processing input", "damaged"),
        ("Error while opening: Cannot allocate memory", "memory"),
        ("Picture size 15360x8640 exceeds; Cannot allocate memory", "too_large"),
        ("Decoder not found", "unsupported"),
    ],
)
def test_what_it_says_becomes_a_code_and_is_not_shown(descriptor, words, code):
    # Piece by piece, as programs do that keep nothing back.
    script = f"import os; [os.write(2, bytes([one])) for one in {words.encode()!r}]; os._exit(1)"

    failure = fail(descriptor, script)

    assert failure.code == code
    assert "anna" not in failure.message and "15360" not in failure.message


@pytest.mark.parametrize("words", ["No space left on device", "Input/output error"])
def test_what_the_disk_does_is_not_the_fault_of_the_film(descriptor, words):
    with pytest.raises(OSError, match=words):
        run(descriptor, f"import sys; sys.exit('out.part: {words}')")


def test_a_signal_is_a_crash(descriptor):
    assert fail(descriptor, "import os; os.kill(os.getpid(), 11)").code == "crash"
