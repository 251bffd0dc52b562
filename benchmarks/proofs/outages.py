"""Whatever goes away comes back, and nobody has to start anything again.

First all flows at once, each in its middle, while visitors look and download: the database, the
store and the room on the disk are away for 30 seconds, Prefect's server for 60. Then a whole stack
under a publication: its PostgreSQL and its Prefect are killed and stay away as long.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks.photographs import make_photographs
from benchmarks.stage import ROOT, SUPERVISOR, Stage, staged
from deployments.stack.processes import find_processes

_SECONDS = 30.0
_TEST = "tests/outages/flows_at_length.py"
_PHOTOGRAPHS = 12


def prove() -> dict[str, Any]:
    """Take everything away for as long as promised."""
    began = time.monotonic()
    flows = _run_flows()
    with tempfile.TemporaryDirectory(prefix="vitrine outages ") as place:
        try:
            stack = outlast(Path(place), seconds=_SECONDS, photographs=_PHOTOGRAPHS)
        except (RuntimeError, TimeoutError) as error:
            stack = {"stack": [str(error)]}
    return {
        "proven": flows["passed"] and not any(stack.values()),
        "seconds_away": {"database": _SECONDS, "store": _SECONDS, "disk": _SECONDS}
        | {"prefect": 2 * _SECONDS},
        "flows": flows,
        "stack_problems": stack,
        "seconds": round(time.monotonic() - began),
    }


def _run_flows() -> dict[str, Any]:
    """Run the test of all flows with the whole time; tells which outages ran and which did not."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-rA", _TEST]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "SECONDS": str(_SECONDS)},
        capture_output=True,
        text=True,
        check=False,
    )
    ended = [line for line in done.stdout.splitlines() if line.startswith(("PASSED", "FAILED"))]
    skipped = [line for line in done.stdout.splitlines() if line.startswith("SKIPPED")]
    return {
        "passed": done.returncode == 0,
        "outages": [line.partition("::")[2].partition(" - ")[0] or line for line in ended],
        "not_run": skipped,
        **({} if done.returncode == 0 else {"said": done.stdout[-4000:]}),
    }


def outlast(place: Path, *, seconds: float, photographs: int) -> dict[str, list[str]]:
    """Publish through outages of a whole stack, and say what was not as promised."""
    library = place / "library"
    for number in range(2):
        make_photographs(library / f"shoot {number}", photographs, seed=number + 1)
    settings = {"VITRINE_RENDER_CHUNK": "4"}
    with staged(place / "home", library, **settings) as stage:
        return {
            "postgres": _try(stage, "shoot 0", photographs, ["postgres"], seconds),
            "prefect": _try(
                stage, "shoot 1", photographs, ["python", "prefect_server"], 2 * seconds
            ),
        }


def _try(
    stage: Stage, folder: str, photographs: int, words: list[str], seconds: float
) -> list[str]:
    key = folder.replace(" ", "-")
    run = stage.publish({"owner": "owner", "title": folder, "folder": folder, "request_key": key})
    before = stage.count("rendition", state="present", wraps="")
    while stage.count("rendition", state="present", wraps="") < before + photographs // 2:
        pass  # in the middle: some of its renditions are made, and not all
    with _held(stage):
        _kill(stage, words)
        time.sleep(seconds)
    _wait_until_answers(stage)
    share = stage.wait_for_share(key)
    promises = {
        "the run ended well": stage.wait_for_run(run) == "COMPLETED",
        "its own run opened it": stage.count("share", request_key=key, fence=1) == 1,
        "opened once": stage.count("history_event", kind="share:published") == 1 + int(folder[-1]),
        "page right": httpx.get(share["link"], timeout=60).text.count("/thumbnail") >= photographs,
    }
    return [name for name, is_kept in promises.items() if not is_kept]


@contextlib.contextmanager
def _held(stage: Stage) -> Iterator[None]:
    """Hold the supervisor, which would start again at once what ends."""
    supervisors = stage.find(SUPERVISOR)
    for one in supervisors:
        one.suspend()
    try:
        yield
    finally:
        for one in supervisors:
            one.resume()


def _kill(stage: Stage, words: list[str]) -> None:
    for one in find_processes(stage.home.mark):
        with contextlib.suppress(psutil.Error):
            command = " ".join([one.name(), *one.cmdline()])
            if all(word in command for word in words):
                one.kill()


def _wait_until_answers(stage: Stage) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.HTTPError):
            if stage.api.get("/ready").is_success:
                return
        time.sleep(0.2)
    raise TimeoutError
