"""What becomes of the processes that render."""

import subprocess
import sys
import textwrap

import psutil

from services.formats.catalogue import THUMBNAIL
from services.rendering.pool import RenderPool
from tests.photographs import write_photograph
from tests.services.rendering.ordering import make_order


def write_endless_drawing(folder):
    """A drawing of a few kilobytes that takes any machine minutes."""
    cloud = '<feTurbulence baseFrequency="0.9" numOctaves="10" seed="{}"/>'
    filters = "".join(f'<filter id="f{n}">{cloud.format(n)}</filter>' for n in range(400))
    areas = "".join(f'<rect width="2500" height="2500" filter="url(#f{n})"/>' for n in range(400))
    path = folder / "endless.svg"
    size = 'width="2500" height="2500"'
    path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{filters}{areas}</svg>')
    return path


def test_a_picture_that_takes_too_long_loses_only_itself(tmp_path):
    slow, good = write_endless_drawing(tmp_path), write_photograph(tmp_path / "good.jpg")
    pool = RenderPool(processes=1, seconds=2, memory_mb=1536)

    outcomes = {
        one.order.name: one.failure and one.failure.code
        for one in pool.render([make_order(slow), make_order(good, THUMBNAIL)])
    }
    pool.close()

    assert outcomes == {"endless.svg": "timeout", "good.jpg": None}


def test_a_process_that_is_killed_loses_nothing_that_a_second_try_can_make(tmp_path):
    path = write_photograph(tmp_path / "a.jpg")
    pool = RenderPool(processes=1, seconds=30, memory_mb=1536)
    list(pool.render([make_order(path)]))
    for child in psutil.Process().children():
        if "services.rendering.worker" in child.cmdline():
            child.kill()

    (outcome,) = pool.render([make_order(path)])
    pool.close()

    assert len(outcome.files) == 2


def test_processes_that_nobody_needs_end_and_start_again_when_somebody_does(tmp_path):
    path = write_photograph(tmp_path / "a.jpg")
    others = psutil.Process().children()
    pool = RenderPool(processes=1, seconds=30, memory_mb=1536, idle_seconds=0.2)
    list(pool.render([make_order(path)]))
    started = [one for one in psutil.Process().children() if one not in others]

    assert len(started) == 1
    assert psutil.wait_procs(started, timeout=10)[1] == []
    (outcome,) = pool.render([make_order(path)])
    pool.close()

    assert outcome.failure is None


def test_processes_end_with_their_parent_even_if_it_is_killed(tmp_path):
    path = write_photograph(tmp_path / "a.jpg")
    script = f"""
        import os, psutil
        from services.formats.catalogue import THUMBNAIL
        from services.rendering.orders import RenderOrder, WantedOutput
        from services.rendering.pool import RenderPool
        pool = RenderPool(processes=1, seconds=30, memory_mb=1536)
        output = WantedOutput("t", THUMBNAIL.recipe, {str(tmp_path / "t.webp")!r})
        status = os.stat({str(path)!r})
        order = RenderOrder("a", {str(path)!r}, status.st_size, status.st_mtime_ns, 'image/jpeg', (output,))
        failures = [one.failure for one in pool.render([order])]
        print(failures, psutil.Process().children()[0].pid, flush=True)
        os.kill(os.getpid(), 9)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False
    )

    worker = int(done.stdout.split()[-1])
    try:
        psutil.Process(worker).wait(timeout=10)
    except psutil.NoSuchProcess:
        return
