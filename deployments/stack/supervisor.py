"""Start the parts of a local stack in their order, watch them, and leave no process behind."""

import contextlib
import fcntl
import hashlib
import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TextIO

import psycopg

from deployments.stack import roster
from deployments.stack.environment import Addresses, make_environment
from deployments.stack.home import ROOT, Home, write_private
from deployments.stack.parts import Log, Part, follow
from deployments.stack.ports import find_port, in_turn
from deployments.stack.postgres import Cluster
from deployments.stack.processes import end_processes
from services.errors import VitrineError
from services.settings import STACK_MARK, Settings

_START_SECONDS = 120.0
_END_SECONDS = 5.0
_LAST_ONE_SECONDS = 10.0
_WATCH_SECONDS = 0.5
#: A part that ends unasked is started again, unless it ended this often within a minute.
_MOST_RESTARTS = 3
_RESTART_WINDOW_SECONDS = 60.0


class StackRunning(VitrineError):
    """This stack runs already: `make down` stops it."""


class PartEnded(VitrineError):
    """A part of the stack ended unasked."""


class Stack:
    """A running stack: its addresses and its environment."""

    def __init__(self, settings: Settings, screen: TextIO) -> None:
        self.settings = settings
        self.home = Home(settings.home.resolve())
        self.home.create()
        self.seconds_start = 0.0
        self.is_stopping = threading.Event()
        self._parts: list[Part] = []
        self._failure = ""
        self._database_restarts: list[float] = []
        self._ending = ExitStack()
        file = self._ending.enter_context((self.home.path / "log" / "stack.log").open("a"))
        self.log = Log(screen, file)
        self.keys = self.home.read_keys()

    def start(self) -> None:
        """Start everything and wait until it answers."""
        began = time.monotonic()
        self._lock()
        left = end_processes(self.home.mark, seconds=_END_SECONDS)
        if left:
            self.log.say("stack", f"ended {left} processes that an earlier run left behind")
        self._ending.callback(end_processes, self.home.mark, seconds=_END_SECONDS)
        self.home.empty_tmp()
        cluster = self._start_postgres()
        with in_turn():
            self.addresses = self._choose_addresses(cluster)
            self.environment = self._make_environment()
            self._start_parts(cluster)
        self.seconds_start = round(time.monotonic() - began, 1)
        self._tell()
        threading.Thread(target=self._keep_running, daemon=True, name="watch").start()
        self._ending.callback(self.is_stopping.set)

    def _make_environment(self) -> dict[str, str]:
        keys = {name: key for name, key in self.keys.items() if name.startswith("VITRINE_")}
        return make_environment(str(self.home.path), self.home.mark, self.addresses) | keys

    def watch(self) -> None:
        """Return when the stack is told to stop.

        Raises:
            PartEnded: a part ended again and again; the others are stopped then.
        """
        while not self.is_stopping.wait(_WATCH_SECONDS):
            pass
        if self._failure:
            raise PartEnded(self._failure)

    def stop(self) -> None:
        """Stop everything, in reverse order."""
        self._ending.close()

    def _lock(self) -> None:
        lock = self._ending.enter_context(self.home.lock.open("a"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StackRunning from error
        self.home.lock.write_text(str(os.getpid()))

    def _start_postgres(self) -> Cluster:
        cluster = Cluster(
            self.home.path / "postgres",
            self.home.sockets,
            self.keys["PASSWORD_POSTGRES"],
            environment={STACK_MARK: self.home.mark},
        )
        self._cluster = cluster
        self._start_cluster_patiently()
        self._ending.callback(cluster.stop)
        for role in ("vitrine_owner", "vitrine_app", "prefect"):
            cluster.create_role(role, self.keys[f"PASSWORD_{role.upper()}"])
        cluster.create_database("vitrine", owner="vitrine_owner")
        with cluster.connect() as connection:
            connection.execute("GRANT CONNECT ON DATABASE vitrine TO vitrine_app")
        if cluster.create_database("prefect", owner="prefect"):
            with cluster.connect("prefect") as connection:
                connection.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        self.log.say("postgres", "ready")
        return cluster

    def _start_cluster_patiently(self) -> None:
        """Start PostgreSQL; where the last one of a killed stack is not quite gone, once it is."""
        deadline = time.monotonic() + _LAST_ONE_SECONDS
        while True:
            try:
                return self._start_cluster()
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline:
                    raise RuntimeError(
                        "PostgreSQL does not start: the log has its words"
                    ) from error
                time.sleep(_WATCH_SECONDS)

    def _start_cluster(self) -> None:
        try:
            self._cluster.start(stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        finally:
            process = self._cluster.process
            if process is not None and process.stdout is not None:
                follow("postgres", process.stdout, self.log, lambda _: True)

    def _choose_addresses(self, cluster: Cluster) -> Addresses:
        gateway = find_port(self.settings.gateway_port)
        desk = find_port(self.settings.desk_port, taken=frozenset({gateway}))
        prefect = find_port(self.settings.prefect_port, taken=frozenset({gateway, desk}))
        own_database = self.settings.database_url.get_secret_value()
        passwords = {
            role: self.keys[f"PASSWORD_{role.upper()}"] for role in ("vitrine_app", "prefect")
        }
        return Addresses(
            gateway_port=gateway,
            desk_port=desk,
            prefect_port=prefect,
            database_url=own_database
            or cluster.url("vitrine_app", passwords["vitrine_app"], "vitrine"),
            prefect_database_url=cluster.url("prefect", passwords["prefect"], "prefect", "asyncpg"),
            library=str(self.settings.library.resolve()),
        )

    def _start_parts(self, cluster: Cluster) -> None:
        server = roster.make_prefect_server(self.addresses)
        self._start(server)
        # While Prefect's server starts, which takes longest, ours are made ready.
        self._migrate(cluster)
        doors = [
            roster.make_gateway(self.addresses, self.settings.gateway_workers),
            roster.make_desk(self.addresses),
        ]
        for part in doors:
            self._start(part)
        self._wait(server)
        self._bootstrap()
        workers = [roster.make_worker(), roster.make_standby()]
        for part in workers:
            self._start(part)
        for part in (*doors, *workers):
            self._wait(part)

    def _keep_running(self) -> None:
        """Start again what ends unasked; what ends too often ends the stack."""
        while not self.is_stopping.wait(_WATCH_SECONDS):
            process = self._cluster.process
            if process is not None and process.poll() is not None:
                self._start_database_again()
            for part in self._parts:
                if part.has_ended() and not self.is_stopping.is_set():
                    self._start_again(part)

    def _start_database_again(self) -> None:
        if not self._may_start_again("postgres", self._database_restarts):
            return
        # Where its last processes are not quite gone yet it refuses, and the next look tries again.
        with contextlib.suppress(psycopg.OperationalError):
            self._start_cluster()

    def _start_again(self, part: Part) -> None:
        if self._may_start_again(part.name, part.restarts):
            part.start(self.environment, self.log)

    def _may_start_again(self, name: str, restarts: list[float]) -> bool:
        """Count one more start; too many within a minute end the stack."""
        now = time.monotonic()
        restarts[:] = [at for at in restarts if now - at < _RESTART_WINDOW_SECONDS]
        if len(restarts) >= _MOST_RESTARTS:
            self._give_up(f"{name} ends again and again: the stack stops")
            return False
        restarts.append(now)
        self.log.say(name, "ended unasked: it is started again")
        return True

    def _give_up(self, reason: str) -> None:
        self._failure = reason
        self.is_stopping.set()

    def _start(self, part: Part) -> None:
        part.start(self.environment, self.log)
        self._ending.callback(part.stop)
        self._parts.append(part)

    def _wait(self, part: Part) -> None:
        part.wait_until_ready(_START_SECONDS, self.is_stopping.is_set)
        self.log.say(part.name, "ready")

    def _migrate(self, cluster: Cluster) -> None:
        own = self.settings.migration_database_url.get_secret_value()
        password = self.keys["PASSWORD_VITRINE_OWNER"]
        url = own or cluster.url("vitrine_owner", password, "vitrine")
        # The owner's password is for this part alone.
        environment = self.environment | {"VITRINE_MIGRATION_DATABASE_URL": url}
        roster.make_migrations().run(environment, self.log)

    def _bootstrap(self) -> None:
        """Register the deployments, if they or the code of their forms have changed."""
        done = self.home.path / "bootstrapped"
        digest = _digest_deployments()
        if done.exists() and done.read_text() == digest:
            return
        roster.make_bootstrap().run(self.environment, self.log)
        done.write_text(digest)

    def _tell(self) -> None:
        addresses = self.addresses
        self.home.write_addresses(
            {
                "VITRINE_DATABASE_URL": addresses.database_url,
                "VITRINE_PUBLIC_URL": addresses.public_url,
                "VITRINE_LIBRARY": addresses.library,
                "VITRINE_GATEWAY_PORT": str(addresses.gateway_port),
                "VITRINE_DESK_PORT": str(addresses.desk_port),
                "VITRINE_PREFECT_PORT": str(addresses.prefect_port),
            }
        )
        state = {
            "public_url": addresses.public_url,
            "desk_url": addresses.desk_url,
            "prefect_url": addresses.prefect_url,
            "seconds_start": self.seconds_start,
        }
        write_private(self.home.path / "state.json", json.dumps(state))
        self.log.say("stack", f"ready in {self.seconds_start} s")
        self.log.say("stack", f"Prefect  {addresses.prefect_url}")
        self.log.say("stack", f"gateway  {addresses.public_url}")
        self.log.say("stack", f"desk     {addresses.desk_url} (its key: {self.home.path}/keys.env)")


@contextmanager
def running_stack(settings: Settings, screen: TextIO) -> Iterator[Stack]:
    """Run a stack, and stop all of it at the end, whatever happens."""
    stack = Stack(settings, screen)
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()


def _digest_deployments() -> str:
    files = [
        ROOT / "prefect.yaml",
        ROOT / "services" / "requests.py",
        *(ROOT / "flows").glob("*.py"),
    ]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(files))).hexdigest()
