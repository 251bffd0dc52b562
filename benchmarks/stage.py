"""A stack of its own for a measurement or a proof: started as a user starts it, seen from outside."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psutil

from deployments.stack.home import Home
from deployments.stack.processes import end_processes, find_processes
from services.installation import Installation
from services.settings import KEYS_FILE, STACK_FILE, Settings

ROOT = Path(__file__).resolve().parent.parent
_VITRINE = [sys.executable, "-m", "deployments.commands.main"]
#: What the command of the process that watches over a stack has in it.
SUPERVISOR = "deployments.stack.run"
_DEPLOYMENT = "/deployments/name/publish-share/publish-share"
_ENDED = frozenset({"COMPLETED", "FAILED", "CRASHED", "CANCELLED"})
_WAIT_SECONDS = 900.0


class Stage:
    """A stack with a home and a library of its own."""

    def __init__(self, home: Path, library: Path, **settings: str) -> None:
        self.home = Home(home.resolve())
        self._environment = {
            **{name: value for name, value in os.environ.items() if "VITRINE" not in name},
            "VITRINE_HOME": str(self.home.path),
            "VITRINE_LIBRARY": str(library.resolve()),
            **settings,
        }

    def up(self) -> None:
        """Start the stack in the background and wait until it is ready."""
        self.let_go()
        self._run("up", "--detach")

    def down(self) -> None:
        """Stop the stack."""
        self.let_go()
        self._run("down")

    def let_go(self) -> None:
        """Close every connection to the stack, and forget where it was reached."""
        for name in {"api", "desk"} & self.__dict__.keys():
            self.__dict__[name].close()
        if "installation" in self.__dict__:
            self.installation.close()
        for name in ("state", "api", "desk", "installation"):
            self.__dict__.pop(name, None)

    def kill_all(self) -> None:
        """Send kill -9 to every process of the stack, PostgreSQL and supervisor included."""
        for one in [*self.find(SUPERVISOR), *find_processes(self.home.mark)]:
            _kill(one)

    def kill(self, *words: str) -> int:
        """Send kill -9 to the processes whose command has all these words; say how many."""
        found = self.find(*words)
        for one in found:
            _kill(one)
        return len(found)

    def find(self, *words: str) -> list[psutil.Process]:
        """Find the processes of this stack whose command has all these words."""
        found = []
        for one in psutil.process_iter():
            try:
                command = " ".join(one.cmdline())
                is_ours = str(self.home.path) in one.environ().get("VITRINE_HOME", "")
            except psutil.Error:
                continue
            if is_ours and all(word in command for word in words):
                found.append(one)
        return found

    @cached_property
    def state(self) -> dict[str, Any]:
        """Say under which addresses the parts answer."""
        state: dict[str, Any] = json.loads((self.home.path / "state.json").read_text())
        return state

    @cached_property
    def api(self) -> httpx.Client:
        """Prefect's API."""
        return httpx.Client(base_url=f"{self.state['prefect_url']}/api", timeout=60)

    @cached_property
    def desk(self) -> httpx.Client:
        """The desk, asked as the DAM's backend asks it."""
        headers = {"Authorization": f"Bearer {self.home.read_keys()['VITRINE_DESK_KEY']}"}
        return httpx.Client(base_url=self.state["desk_url"], headers=headers, timeout=30)

    @cached_property
    def installation(self) -> Installation:
        """The installation, to look behind the doors."""
        files = (self.home.path / KEYS_FILE, self.home.path / STACK_FILE)
        return Installation(Settings(_env_file=files, home=self.home.path))

    def publish(self, request: dict[str, Any]) -> str:
        """Send a request as the DAM's backend does, and return the id of the flow run."""
        deployment = self.api.get(_DEPLOYMENT).raise_for_status().json()["id"]
        body = {"parameters": {"request": request}}
        answer = self.api.post(f"/deployments/{deployment}/create_flow_run", json=body)
        return str(answer.raise_for_status().json()["id"])

    def find_run(self, run: str) -> dict[str, Any]:
        """Read what Prefect says of a flow run."""
        found: dict[str, Any] = self.api.get(f"/flow_runs/{run}").raise_for_status().json()
        return found

    def wait_for_run(self, run: str) -> str:
        """Wait until a flow run has ended, and return the type of its state."""
        for _ in _until(_WAIT_SECONDS):
            kind = str(self.find_run(run)["state"]["type"])
            if kind in _ENDED:
                return kind
        raise TimeoutError(run)

    def find_share(self, key: str) -> dict[str, Any] | None:
        """Ask the desk for a share by the key of its request."""
        answer = self.desk.get(f"/shares/{key}")
        return answer.json() if answer.status_code == httpx.codes.OK else None

    def wait_for_share(self, key: str) -> dict[str, Any]:
        """Wait until a share is open, and return what the desk says of it."""
        for _ in _until(_WAIT_SECONDS):
            share = self.find_share(key)
            if share and share["link"]:
                return share
        raise TimeoutError(key)

    def wait_for_event(self, share_id: UUID | None, kind: str, *, count: int = 1) -> None:
        """Wait until the history has so many events of a kind, of one share or of any."""
        for _ in _until(_WAIT_SECONDS):
            if self.count("history_event", kind=kind, share_id=share_id) >= count:
                return
        raise TimeoutError(kind)

    def count(self, table: str, **columns: object) -> int:
        """Count the rows of a table that have these values; none stands for any."""
        wanted = {name: value for name, value in columns.items() if value is not None}
        where = " AND ".join(f"{name} = %({name})s" for name in wanted) or "true"
        return int(self.read(f"SELECT count(*) FROM {table} WHERE {where}", wanted))  # noqa: S608

    def read(self, statement: str, values: dict[str, object] | None = None) -> Any:
        """Read one value from the database."""
        with self.installation.transaction() as session:
            connection = session.connection().connection.driver_connection
            assert connection is not None
            return connection.execute(statement, values).fetchone()[0]

    def _run(self, *words: str) -> None:
        result = subprocess.run(
            [*_VITRINE, *words],
            env=self._environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode:
            raise RuntimeError(result.stdout + result.stderr)


@contextmanager
def staged(home: Path, library: Path, **settings: str) -> Iterator[Stage]:
    """Run a stack for as long as the block lasts, and leave no process."""
    stage = Stage(home, library, **settings)
    try:
        stage.up()
        yield stage
    finally:
        stage.down()
        end_processes(stage.home.mark, seconds=5)


def _until(seconds: float) -> Iterator[None]:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        yield
        time.sleep(0.05)


def _kill(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return
