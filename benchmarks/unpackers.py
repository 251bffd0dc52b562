"""Programs with which recipients unpack: each takes the whole content out, nothing is only listed.

A small zip goes into a folder, file by file. A large one goes to standard output, where its members
come one after the other in the zip's order, so that nothing of it lies on disk twice.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_BLOCK_BYTES = 1 << 18
# Names come out as they are only where the locale has a letter for each.
_ENVIRONMENT = {**os.environ, "LC_ALL": "C.UTF-8"}
_JAVA = ("java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_PROGRAM = str(Path(__file__).with_name("Unpack.java"))
_PYTHON = """
import shutil, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as bundle:
    for member in bundle.infolist():
        with bundle.open(member) as content:
            shutil.copyfileobj(content, sys.stdout.buffer, 1 << 18)
"""


class UnpackingFailed(Exception):
    """A program could not unpack a zip; the message is what it said."""


@dataclass(frozen=True)
class Unpacker:
    """One way to unpack; `{zip}` and `{folder}` stand for paths, a piped one reads standard input."""

    name: str
    package: str
    to_folder: Sequence[str]
    to_output: Sequence[str]
    is_piped: bool = False

    @property
    def program(self) -> str:
        """Name the program that has to be installed."""
        return self.to_folder[0]

    def unpack(self, archive: Path, folder: Path) -> dict[str, str]:
        """Unpack into an empty folder, and return the SHA-256 of each file by its path there.

        Raises:
            UnpackingFailed: the program said that something is wrong.
        """
        with self._running(self.to_folder, archive, folder) as output:
            output.read()
        return digest_files(folder)

    def read(self, archive: Path, sizes: Sequence[int]) -> list[str]:
        """Unpack to standard output, and return the SHA-256 of each member of these sizes.

        Raises:
            UnpackingFailed: the program said that something is wrong, or more came than these.
        """
        with self._running(self.to_output, archive, archive.parent) as output:
            digests = [_digest(output, size) for size in sizes]
            if output.read(1):
                raise UnpackingFailed(f"{self.name} found more than was put in")
            return digests

    @contextmanager
    def _running(self, command: Sequence[str], archive: Path, folder: Path) -> Iterator[IO[bytes]]:
        words = [word.format(zip=archive, folder=folder) for word in command]
        with (
            tempfile.TemporaryFile() as said,
            _piped(archive) if self.is_piped else nullcontext(subprocess.DEVNULL) as given,
        ):
            process = subprocess.Popen(
                words, stdin=given, stdout=subprocess.PIPE, stderr=said, env=_ENVIRONMENT
            )
            with process:
                assert process.stdout is not None
                yield process.stdout
            if process.returncode:
                said.seek(0)
                raise UnpackingFailed(f"{self.name}: {said.read(2000).decode(errors='replace')}")


_UNZIP = Unpacker(
    "unzip",
    "unzip",
    ("unzip", "-qq", "{zip}", "-d", "{folder}"),
    ("unzip", "-p", "{zip}"),
)
_SEVEN_ZIP = Unpacker(
    "7z",
    "p7zip-full",
    ("7z", "x", "-y", "-bd", "-o{folder}", "{zip}"),
    ("7z", "x", "-so", "{zip}"),
)
_BSDTAR = Unpacker(
    "bsdtar",
    "libarchive-tools",
    ("bsdtar", "-xf", "{zip}", "-C", "{folder}"),
    ("bsdtar", "-xOf", "{zip}"),
)
_BSDTAR_PIPED = Unpacker(
    "bsdtar from a pipe",
    "libarchive-tools",
    ("bsdtar", "-xf", "-", "-C", "{folder}"),
    ("bsdtar", "-xOf", "-"),
    is_piped=True,
)
_ZIPFILE = Unpacker(
    "Python zipfile",
    "python3",
    (sys.executable, "-m", "zipfile", "-e", "{zip}", "{folder}"),
    (sys.executable, "-c", _PYTHON, "{zip}"),
)
_JAVA_FILE = Unpacker(
    "Java ZipFile",
    "default-jre-headless",
    (*_JAVA, _PROGRAM, "{zip}", "{folder}"),
    (*_JAVA, _PROGRAM, "{zip}", "-"),
)
_JAVA_STREAM = Unpacker(
    "Java ZipInputStream",
    "default-jre-headless",
    (*_JAVA, _PROGRAM, "-", "{folder}"),
    (*_JAVA, _PROGRAM, "-", "-"),
    is_piped=True,
)

#: All of them, the cheap ones first.
UNPACKERS = (
    _UNZIP,
    _BSDTAR,
    _BSDTAR_PIPED,
    _SEVEN_ZIP,
    _ZIPFILE,
    _JAVA_FILE,
    _JAVA_STREAM,
)


def digest_files(folder: Path) -> dict[str, str]:
    """Take the SHA-256 of every file below a folder, by its path in it."""
    found = {}
    for place, _, names in os.walk(folder):
        inside = os.path.relpath(place, folder)
        for name in names:
            with Path(place, name).open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            found[name if inside == "." else f"{inside}/{name}"] = digest
    return found


@contextmanager
def _piped(archive: Path) -> Iterator[IO[bytes]]:
    # From cat, for what is given as a file can be searched, and a download cannot.
    with subprocess.Popen(["cat", str(archive)], stdout=subprocess.PIPE) as cat:
        assert cat.stdout is not None
        yield cat.stdout


def _digest(content: IO[bytes], size: int) -> str:
    digest = hashlib.sha256()
    while size > 0 and (block := content.read(min(size, _BLOCK_BYTES))):
        digest.update(block)
        size -= len(block)
    return digest.hexdigest()
