"""Prefect's real server for tests, as the stack starts it, on a database of its own in a file."""

import os
import subprocess
import sys
import time

import httpx

from deployments.stack.home import ROOT
from deployments.stack.ports import find_port

_START_SECONDS = 300
_FIRST_PORT = 24200


class PrefectServer:
    """A server that can be stopped and started again; what it knew it knows then."""

    def __init__(self, folder):
        self._folder = folder
        self._port = find_port(_FIRST_PORT + os.getpid() % 1000)
        self._process = None

    @property
    def api_url(self):
        """Where its API is."""
        return f"http://127.0.0.1:{self._port}/api"

    def start(self):
        """Start it and wait until it answers."""
        kept = {name: value for name, value in os.environ.items() if "PREFECT" not in name}
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "deployments.stack.prefect_server"),
                *("--host", "127.0.0.1", "--port", str(self._port)),
            ],
            env={
                **kept,
                "PREFECT_HOME": str(self._folder),
                "PREFECT_SERVER_DATABASE_CONNECTION_URL": (
                    f"sqlite+aiosqlite:///{self._folder}/prefect.db"
                ),
                "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
                "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
                "DO_NOT_TRACK": "1",
            },
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("Prefect's server did not start")
            time.sleep(0.1)

    def stop(self):
        """Kill it: what is gone says nothing more."""
        self._process.kill()
        self._process.wait()

    def _answers(self):
        try:
            return httpx.get(f"{self.api_url}/health", timeout=2).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False
