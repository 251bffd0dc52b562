"""`vitrine up` and `vitrine down`: start and stop the local stack."""

import os
import signal
import subprocess
import sys
import time

import typer

from deployments.stack.home import Home
from deployments.stack.processes import end_processes
from services.settings import read_operator_settings

_RUN = [sys.executable, "-m", "deployments.stack.run"]
_READY_SECONDS = 180.0
_STOP_SECONDS = 30.0


def up(
    *,
    detach: bool = typer.Option(
        False, help="Start in the background, and return when it is ready."
    ),
) -> None:
    """Start the whole stack: in the foreground until Ctrl-C, or in the background."""
    if detach:
        _start_in_background()
        return
    sys.stdout.flush()
    os.execv(sys.executable, _RUN)  # noqa: S606 - ourselves


def down() -> None:
    """Stop the stack of this home, wherever it was started."""
    home = Home(read_operator_settings().home.resolve())
    supervisor = home.find_supervisor()
    if supervisor:
        os.kill(supervisor, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while home.find_supervisor() and time.monotonic() < deadline:
        time.sleep(0.1)
    left = end_processes(home.mark, seconds=5)
    print("stopped" if supervisor or left else "nothing was running")


def _start_in_background() -> None:
    home = Home(read_operator_settings().home.resolve())
    home.create()
    state = home.path / "state.json"
    state.unlink(missing_ok=True)
    with (home.path / "log" / "up.log").open("w") as output:
        process = subprocess.Popen(
            _RUN,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + _READY_SECONDS
    while not state.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            print((home.path / "log" / "up.log").read_text(), file=sys.stderr)
            raise typer.Exit(1)
        time.sleep(0.1)
    print((home.path / "log" / "up.log").read_text(), end="")
