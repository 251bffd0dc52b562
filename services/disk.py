"""Files that are there whole or not at all, and what an error of a disk means."""

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from services.errors import StoreFull

#: The disk is full, or a quota or a limit says so.
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
#: How the name of a file ends that is being written; one that a killed process left is worth nothing.
DRAFT = ".draft"


@contextlib.contextmanager
def drafting(place: Path) -> Iterator[Path]:
    """Give the path of a draft beside `place`; it is moved there at the end, or removed."""
    draft = place.with_name(f".{secrets.token_hex(8)}{DRAFT}")
    try:
        yield draft
        draft.replace(place)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise


def write_new(place: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write a file that is not there yet."""
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


@contextlib.contextmanager
def telling_of_room() -> Iterator[None]:
    """Tell by its type that the disk is full.

    Raises:
        StoreFull: it is.
    """
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise StoreFull from error
        raise


def count_free_bytes(folder: Path) -> int:
    """Say how much room is left on the disk on which a folder lies."""
    return shutil.disk_usage(folder).free
