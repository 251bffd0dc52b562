"""The home of a local stack: one folder with its data, its keys and its logs, for its owner alone."""

import base64
import fcntl
import hashlib
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from services.settings import KEYS_FILE, STACK_FILE

#: Where the code and its samples lie.
ROOT = Path(__file__).resolve().parents[2]
_OWN_EYES_ONLY = 0o600
_OWN_FOLDER = 0o700
#: A socket's path may have 107 bytes; PostgreSQL adds `/.s.PGSQL.5432.lock`.
_LONGEST_SOCKET_FOLDER = 85


@dataclass(frozen=True)
class Home:
    """Where everything of one local stack lies."""

    path: Path

    @property
    def mark(self) -> str:
        """Name this stack and no other."""
        return hashlib.sha256(str(self.path).encode()).hexdigest()[:16]

    @property
    def lock(self) -> Path:
        """The file that a running supervisor holds locked; it has its process id."""
        return self.path / "lock"

    def find_supervisor(self) -> int | None:
        """Say which process supervises this stack, if one does."""
        if not self.lock.exists():
            return None
        with self.lock.open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(lock.read() or 0) or None
        return None

    @property
    def sockets(self) -> Path:
        """A private folder whose path is short enough for a socket."""
        inside = self.path / "run"
        if len(os.fsencode(inside)) <= _LONGEST_SOCKET_FOLDER:
            return inside
        return Path(f"/tmp/vitrine-{os.getuid()}-{self.mark}")  # noqa: S108 - made 0700, checked

    def create(self) -> None:
        """Make the folders; what is there already is kept."""
        for name in ("", "log", "store", "letters", "tmp"):
            folder = self.path / name
            folder.mkdir(mode=_OWN_FOLDER, parents=True, exist_ok=True)
        self.sockets.mkdir(mode=_OWN_FOLDER, exist_ok=True)
        status = self.sockets.lstat()
        if self.sockets.is_symlink() or status.st_uid != os.getuid() or status.st_mode & 0o077:
            raise PermissionError(f"{self.sockets} is not a private folder of this user: remove it")

    def empty_tmp(self) -> None:
        """Remove what an earlier run, killed in the middle, left half done."""
        shutil.rmtree(self.path / "tmp", ignore_errors=True)
        (self.path / "tmp").mkdir(mode=_OWN_FOLDER, exist_ok=True)

    def read_keys(self) -> dict[str, str]:
        """Read the keys, and make them at random the first time."""
        file = self.path / KEYS_FILE
        if not file.exists():
            write_private(file, _format(_make_keys()))
        return dict(line.split("=", 1) for line in file.read_text().splitlines() if "=" in line)

    def rotate_link_key(self) -> None:
        """Make a new link key; the one of before still opens what it sealed."""
        keys = self.read_keys()
        former = f"{keys['VITRINE_LINK_KEY']} {keys.get('VITRINE_FORMER_LINK_KEYS', '')}".strip()
        fresh = {"VITRINE_LINK_KEY": _make_link_key(), "VITRINE_FORMER_LINK_KEYS": former}
        write_private(self.path / KEYS_FILE, _format(keys | fresh))

    def forget_former_keys(self) -> None:
        """Remove the link keys of before."""
        keys = self.read_keys()
        keys.pop("VITRINE_FORMER_LINK_KEYS", None)
        write_private(self.path / KEYS_FILE, _format(keys))

    def write_addresses(self, variables: dict[str, str]) -> None:
        """Leave the addresses of the running stack for commands in other terminals."""
        write_private(self.path / STACK_FILE, _format(variables))


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWN_EYES_ONLY)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    draft.replace(path)


def _make_keys() -> dict[str, str]:
    roles = ("POSTGRES", "VITRINE_OWNER", "VITRINE_APP", "PREFECT")
    return {
        "VITRINE_LINK_KEY": _make_link_key(),
        "VITRINE_DESK_KEY": secrets.token_urlsafe(32),
        **{f"PASSWORD_{role}": secrets.token_urlsafe(24) for role in roles},
    }


def _make_link_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def _format(variables: dict[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in variables.items())
