"""One part of a stack: a process, its output as lines of the log, and how to know that it is ready."""

import re
import ssl
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, TextIO

import httpx

# Prefect writes its own time before each line.
_OWN_TIME = re.compile(r"^\d\d:\d\d:\d\d\.\d+ \| ")
_STOP_SECONDS = 10.0
#: Parts are asked in plain http. By default each question would read all authorities of the web
#: first, which took half a processor while a stack was starting.
_NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
_COLOURS = ("36", "33", "35", "32", "34", "31")


class Log:
    """The one tidy log: time, part, words; on a terminal the part in its colour."""

    def __init__(self, screen: TextIO, file: IO[str]) -> None:
        self._screen = screen
        self._file = file
        self._lock = threading.Lock()

    def say(self, part: str, text: str, *, is_quiet: bool = False) -> None:
        """Write one line; a quiet one goes to the file only."""
        stamp = datetime.now().astimezone().strftime("%H:%M:%S")
        name = f"{part:<9}"
        with self._lock:
            self._file.write(f"{stamp} {name} {text}\n")
            self._file.flush()
            if is_quiet:
                return
            if self._screen.isatty():
                name = f"\033[{_COLOURS[sum(part.encode()) % len(_COLOURS)]}m{name}\033[0m"
            self._screen.write(f"{stamp} {name} {text}\n")
            self._screen.flush()


@dataclass
class Part:
    """A process of the stack; `sign` in its output, or an answer at `health`, says it is ready."""

    name: str
    command: list[str]
    health: str = ""
    sign: str = ""
    is_quiet_until_ready: bool = False
    cwd: str | None = None
    process: subprocess.Popen[bytes] | None = None
    seen_sign: threading.Event = field(default_factory=threading.Event)
    last_words: deque[str] = field(default_factory=lambda: deque(maxlen=12))
    restarts: list[float] = field(default_factory=list)
    listener: threading.Thread | None = None

    def start(self, environment: dict[str, str], log: Log) -> None:
        """Start the process in a session of its own: Ctrl-C reaches the supervisor alone."""
        self.seen_sign.clear()
        self.process = subprocess.Popen(
            self.command,
            env=environment,
            cwd=self.cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        if self.process.stdout is not None:
            self.listener = follow(self.name, self.process.stdout, log, self._hear)

    def run(self, environment: dict[str, str], log: Log) -> None:
        """Start a process that ends by itself, and wait for that, however long it takes.

        Raises:
            RuntimeError: it failed.
        """
        self.start(environment, log)
        code = self.process.wait() if self.process is not None else None
        if self.listener is not None:
            self.listener.join(_STOP_SECONDS)
        if code != 0:
            raise RuntimeError(f"{self.name} failed:{self._repeat()}")

    def wait_until_ready(self, seconds: float, is_given_up: Callable[[], bool]) -> None:
        """Wait until the part answers.

        Raises:
            RuntimeError: it ended, or it did not answer in time.
        """
        deadline = time.monotonic() + seconds
        while not self._is_ready():
            if self.process is None or self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended while it was starting:{self._repeat()}")
            if is_given_up():
                raise RuntimeError("stopped while starting")
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} was not ready after {seconds:.0f} seconds")
            time.sleep(0.05)
        self.seen_sign.set()

    def stop(self) -> None:
        """Ask the process to end, and see to it."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def has_ended(self) -> bool:
        """Say whether the process was started and is gone."""
        return self.process is not None and self.process.poll() is not None

    def _repeat(self) -> str:
        """Repeat the last words of the process."""
        return "".join(f"\n  {words}" for words in self.last_words)

    def _is_ready(self) -> bool:
        if self.health:
            try:
                answer = httpx.get(self.health, timeout=2, verify=_NO_AUTHORITIES)
            except httpx.HTTPError:
                return False
            return answer.status_code == httpx.codes.OK
        return self.seen_sign.is_set() or not self.sign

    def _hear(self, line: str) -> bool:
        """Listen for the sign, and say whether the line is for the file only."""
        self.last_words.append(line)
        is_quiet = self.is_quiet_until_ready and not self.seen_sign.is_set()
        if self.sign and self.sign in line:
            self.seen_sign.set()
        return is_quiet


def follow(name: str, stream: IO[bytes], log: Log, hear: Callable[[str], bool]) -> threading.Thread:
    """Write each line of a stream to the log, from a thread that ends with the stream."""

    def run() -> None:
        with stream:
            for raw in stream:
                line = _OWN_TIME.sub("", raw.decode(errors="replace").rstrip())
                if line:
                    log.say(name, line, is_quiet=hear(line))

    thread = threading.Thread(target=run, daemon=True, name=f"log {name}")
    thread.start()
    return thread
