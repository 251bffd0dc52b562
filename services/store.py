"""The store: renditions, plans and page builds, in a directory or an object storage alike.

A directory has a mark in it, made when it was first used. Where the mark is missing the disk is not
mounted, or it is another one: then nothing is written, and what is missing is not taken for removed.
"""

import contextlib
import mmap
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore, from_url

from services.bytesource import LocalFile
from services.disk import FULL, count_free_bytes, drafting, write_new
from services.errors import OriginalChanged, StoreAway, StoreFull

#: The file that says: this is the store, and not the place where its disk should be.
MARK = ".vitrine-store"
_FOLDERS = ("renditions", "plans", "pages")


@dataclass(frozen=True)
class StoredFile:
    """An object as the store lists it; its age is by the clock of whoever keeps it."""

    key: str
    size_bytes: int
    age_seconds: float


class Store:
    """Objects under keys; writing one is atomic, and writing it again replaces it whole.

    Every method raises `StoreAway` while the store cannot be reached, and `StoreFull` while there is
    no room in it. Nothing partial is left behind then.
    """

    def __init__(self, url: str) -> None:
        self.folder = _local_folder(url)
        self._objects: ObjectStore | None = from_url(url) if self.folder is None else None

    def is_here(self) -> bool:
        """Whether the store is what it was when it was founded; of an object storage: always."""
        # A path that raises is one more way not to be here.
        return self.folder is None or os.path.exists(self.folder / MARK)  # noqa: PTH110

    def has_objects(self) -> bool:
        """Whether objects of ours lie in its place, with a mark or from before there were marks."""
        return self.folder is not None and any((self.folder / one).is_dir() for one in _FOLDERS)

    def found(self) -> None:
        """Take an empty place, or one that was used before there were marks, for the store."""
        if self.folder is not None:
            with self._telling():
                self.folder.mkdir(parents=True, exist_ok=True)
                (self.folder / MARK).touch()

    def count_free_bytes(self) -> int | None:
        """Say how much room is left; none where nobody can say."""
        if self.folder is None:
            return None
        with self._telling():
            return count_free_bytes(self.folder)

    def put(self, key: str, content: bytes) -> None:
        """Write an object."""
        with self._telling():
            if self._objects is not None:
                obstore.put(self._objects, key, content, use_multipart=False)
            else:
                self._write(key, lambda draft: write_new(draft, content))

    def put_file(self, key: str, path: Path) -> None:
        """Write an object from a file."""
        with self._telling():
            if self._objects is not None:
                obstore.put(self._objects, key, path)
            else:
                self._write(key, lambda draft: shutil.copyfile(path, draft))

    def adopt_file(self, key: str, path: Path) -> None:
        """Make a file an object; where both lie on one disk it is moved, not copied."""
        with self._telling():
            if self.folder is None or path.stat().st_dev != self.folder.stat().st_dev:
                self.put_file(key, path)
                path.unlink()
                return
            place = self.folder / key
            self._make_folder(place.parent)
            path.replace(place)

    def get(self, key: str) -> bytes:
        """Read an object whole.

        Raises:
            FileNotFoundError: there is none under this key.
        """
        with self._telling():
            if self._objects is not None:
                return bytes(obstore.get(self._objects, key).bytes())
            return self._place(key).read_bytes()

    def map(self, key: str) -> memoryview:
        """Read an object as it is needed: mapped into memory where it is a file here.

        Raises:
            FileNotFoundError: there is none under this key.
        """
        if self.folder is None:
            return memoryview(self.get(key))
        with self._telling(), (self.folder / key).open("rb") as file:
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))

    def list_objects(self, folder: str) -> Iterator[StoredFile]:
        """List all objects below a folder with their sizes; none if there is no such folder."""
        if self._objects is not None:
            with self._telling():
                for some in obstore.list(self._objects, prefix=folder.rstrip("/")):
                    for one in some:
                        age = time.time() - one["last_modified"].timestamp()
                        yield StoredFile(str(one["path"]), int(one["size"]), age)
            return
        for key in self.list_keys(folder):
            with contextlib.suppress(FileNotFoundError):
                stat = self._place(key).stat()
                yield StoredFile(key, stat.st_size, time.time() - stat.st_mtime)

    def list_folders(self, folder: str) -> list[str]:
        """List the names of the folders directly in a folder."""
        with self._telling():
            if self._objects is not None:
                found = obstore.list_with_delimiter(self._objects, prefix=folder.rstrip("/"))
                paths = [one.rstrip("/") for one in found["common_prefixes"]]
                return sorted(path.rpartition("/")[2] for path in paths)
            place = self._here(folder)
            if not place.is_dir():
                return []
            return sorted(one.name for one in place.iterdir() if one.is_dir())

    def list_keys(self, folder: str) -> Iterator[str]:
        """List the keys of all objects below a folder (`pages/…/`); none if there is no such folder.

        An object that is half written counts: it is there. A store that is away is not empty.
        """
        with self._telling():
            if self._objects is not None:
                for some in obstore.list(self._objects, prefix=folder.rstrip("/")):
                    yield from (str(one["path"]) for one in some)
                return
            root = self._place("")
            for place, _, names in os.walk(self._here(folder)):
                below = Path(place).relative_to(root)
                yield from ((below / name).as_posix() for name in names)
            self._here(folder)

    def delete_folder(self, folder: str) -> None:
        """Remove all objects below a folder; one that is not there is no fault.

        An object storage keeps former versions of its objects and uploads that were never finished
        if its bucket is told to: that is for the bucket's own rules (see docs/operations.md).
        """
        with self._telling():
            if self._objects is None:
                shutil.rmtree(self._here(folder), onerror=_raise_unless_gone)
                return
            for some in obstore.list(self._objects, prefix=folder.rstrip("/")):
                obstore.delete(self._objects, [str(one["path"]) for one in some])

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects; one that is not there is no fault."""
        for key in keys:
            with contextlib.suppress(FileNotFoundError), self._telling():
                if self._objects is not None:
                    obstore.delete(self._objects, key)
                else:
                    self._place(key).unlink()

    def open(self, key: str, size_bytes: int) -> "LocalFile | StoredObject":
        """Open an object for reading parts of it."""
        if self._objects is not None:
            return StoredObject(self._objects, key, size_bytes)
        try:
            return LocalFile(self._place(key))
        except OriginalChanged as error:
            if not self.is_here():
                raise StoreAway from error
            raise

    def _place(self, key: str) -> Path:
        if self.folder is None:
            raise StoreAway
        return self.folder / key

    def _here(self, folder: str) -> Path:
        """Give the place of a folder of a store that is here, whether or not there is the folder."""
        if not self.is_here():
            raise StoreAway
        return self._place(folder)

    def _write(self, key: str, fill: Callable[[Path], object]) -> None:
        """Write a draft beside its place and move it there; a draft never stays."""
        place = self._place(key)
        self._make_folder(place.parent)
        with drafting(place) as draft:
            fill(draft)

    def _make_folder(self, folder: Path) -> None:
        """Make a folder inside the store, and never the store itself: its disk may come back."""
        if folder.is_dir():
            return
        if folder == self.folder or not self.is_here():
            raise StoreAway
        self._make_folder(folder.parent)
        folder.mkdir(exist_ok=True)

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        """Tell by its type what goes wrong with the store itself."""
        try:
            yield
        except FileNotFoundError as error:
            if not self.is_here():
                raise StoreAway from error
            raise
        except OSError as error:
            raise (StoreFull if error.errno in FULL else StoreAway) from error
        except BaseError as error:
            # Without its text, which tells of hosts and keys.
            raise StoreAway from error


def _raise_unless_gone(_: object, __: str, told: tuple[type, BaseException, object]) -> None:
    """Go on where somebody else removed something first."""
    if not isinstance(told[1], FileNotFoundError):
        raise told[1]


class StoredObject:
    """An object of a remote storage as a byte source: each read is one ranged request."""

    def __init__(self, objects: ObjectStore, key: str, size_bytes: int) -> None:
        self._objects = objects
        self._key = key
        self.size_bytes = size_bytes

    def read_at(self, offset: int, length: int) -> bytes:
        """Read up to `length` bytes from `offset` on."""
        length = min(length, self.size_bytes - offset)
        if length <= 0:
            return b""
        try:
            found = obstore.get_range(self._objects, self._key, start=offset, length=length)
        except BaseError as error:
            raise StoreAway from error
        return bytes(found)

    def verify(self) -> None:
        """Objects are never changed in place: nothing to check."""

    def close(self) -> None:
        """Nothing stays open between reads."""


def _local_folder(url: str) -> Path | None:
    parts = urlsplit(url)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None
