"""The program ffmpeg as our child: more memory than we have, watched, gone when we are gone."""

import contextlib
import ctypes
import errno
import os
import resource
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence

from services.rendering.original import RenderFailed

#: A reader hears at least so often that nothing came.
PAUSE_SECONDS = 0.5

_GRACE_SECONDS = 2.0
_BLOCK_BYTES = 1 << 16
#: Of what it says, only the end: a hostile film can make it say gigabytes.
_MOST_SAID_BYTES = 1 << 14
_MEMORY_BYTES = 4 << 30
#: Of prctl(2).
_PR_SET_PDEATHSIG = 1
# Loaded here, because between fork and exec a child must not load anything.
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None

#: The original was opened before, so these are about the disk and what is written to it.
_NOT_THE_FILM = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EACCES, errno.ENOENT)
_TOO_LARGE = ("picture size", "max pixel count", "file too large")
_NO_MEMORY = ("cannot allocate memory", "bad_alloc", "out of memory")
_UNKNOWN = ("decoder not found", "unknown decoder", "no decoder", "not on whitelist")

Child = subprocess.Popen[bytes]


def start(command: Sequence[str], descriptor: int) -> Child:
    """Start a program that reads our open file `descriptor` under the same number."""
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=[descriptor],
        # Safe beside our one other thread: see what it does.
        preexec_fn=_prepare(os.getpid()),  # noqa: PLW1509
    )


def _prepare(parent: int) -> Callable[[], None]:
    """Say what a child does before it becomes ffmpeg: nothing that takes a lock."""

    def prepare() -> None:
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)
        # macOS refuses a limit of the address space.
        with contextlib.suppress(ValueError, OSError):
            hard = resource.getrlimit(resource.RLIMIT_AS)[1]
            soft = _MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(_MEMORY_BYTES, hard)
            resource.setrlimit(resource.RLIMIT_AS, (soft, hard))

    return prepare


def read(child: Child, deadline: float) -> Iterator[bytes]:
    """Give what a child writes, in pieces; an empty one where nothing came for half a second.

    Args:
        child: what `start` returned.
        deadline: the moment of the monotonic clock at which it must have ended.

    Raises:
        RenderFailed: the child failed, or did not end in time.
        OSError: the disk failed, or there is no room on it.
    """
    said = b""
    with selectors.DefaultSelector() as selector:
        for pipe in (child.stdout, child.stderr):
            selector.register(pipe, selectors.EVENT_READ)  # type: ignore[arg-type]
        while selector.get_map():
            if time.monotonic() > deadline:
                raise RenderFailed("timeout", "The film or sound takes too long to convert")
            ready = selector.select(PAUSE_SECONDS)
            if not ready:
                yield b""
            for key, _ in ready:
                block = os.read(key.fd, _BLOCK_BYTES)
                if not block:
                    selector.unregister(key.fileobj)
                elif key.fileobj is child.stderr:
                    said = (said + block)[-_MOST_SAID_BYTES:]
                else:
                    yield block
    _check(child, said, deadline)


def _check(child: Child, said: bytes, deadline: float) -> None:
    try:
        code = child.wait(max(_GRACE_SECONDS, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise RenderFailed("timeout", "The film or sound takes too long to convert") from None
    if code:
        raise _explain(code, said.decode(errors="replace").lower())


def _explain(code: int, said: str) -> Exception:
    """Turn what ffmpeg says into a code; its own words are never shown."""
    for number in _NOT_THE_FILM:
        if os.strerror(number).lower() in said:
            return OSError(number, os.strerror(number))
    # First, because a refused picture leads to words about memory too.
    if code == -signal.SIGXFSZ or any(words in said for words in _TOO_LARGE):
        return RenderFailed("too_large", "The film or sound is too large to convert")
    if any(words in said for words in _NO_MEMORY):
        return RenderFailed("memory", "The film or sound needs more memory than is allowed")
    if code < 0:
        return RenderFailed("crash", "The film or sound brought down the program that read it")
    if any(words in said for words in _UNKNOWN):
        return RenderFailed("unsupported", "The film or sound is of a kind that cannot be read")
    return RenderFailed("damaged", "The film or sound is damaged and cannot be converted")


def stop(child: Child) -> None:
    """End a program that still runs: asked to, it would finish its file, for many seconds."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    for pipe in (child.stdout, child.stderr):
        if pipe is not None:
            pipe.close()
