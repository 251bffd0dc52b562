"""The store: renditions, plans and page builds, in a directory or an object storage alike."""

import mmap
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import obstore
from obstore.store import LocalStore, ObjectStore, from_url

from services.bytesource import LocalFile


class Store:
    """Objects under keys; writing one is atomic, and writing it again replaces it whole."""

    def __init__(self, url: str) -> None:
        self.folder = _local_folder(url)
        if self.folder is None:
            self._objects: ObjectStore = from_url(url)
        else:
            self._objects = LocalStore(self.folder, mkdir=True)

    def put(self, key: str, content: bytes) -> None:
        """Write an object."""
        obstore.put(self._objects, key, content, use_multipart=False)

    def put_file(self, key: str, path: Path) -> None:
        """Write an object from a file."""
        obstore.put(self._objects, key, path)

    def adopt_file(self, key: str, path: Path) -> None:
        """Make a file an object; where both lie on one disk it is moved, not copied."""
        if self.folder is None or path.stat().st_dev != self.folder.stat().st_dev:
            self.put_file(key, path)
            path.unlink()
            return
        place = self.folder / key
        place.parent.mkdir(parents=True, exist_ok=True)
        path.replace(place)

    def get(self, key: str) -> bytes:
        """Read an object whole.

        Raises:
            FileNotFoundError: there is none under this key.
        """
        return bytes(obstore.get(self._objects, key).bytes())

    def map(self, key: str) -> memoryview:
        """Read an object as it is needed: mapped into memory where it is a file here.

        Raises:
            FileNotFoundError: there is none under this key.
        """
        if self.folder is None:
            return memoryview(self.get(key))
        with (self.folder / key).open("rb") as file:
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects; one that is not there is no fault."""
        for key in keys:
            try:
                obstore.delete(self._objects, key)
            except FileNotFoundError:
                continue

    def open(self, key: str, size_bytes: int) -> "LocalFile | StoredObject":
        """Open an object for reading parts of it."""
        if self.folder is not None:
            return LocalFile(self.folder / key)
        return StoredObject(self._objects, key, size_bytes)


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
        return bytes(obstore.get_range(self._objects, self._key, start=offset, length=length))

    def verify(self) -> None:
        """Objects are never changed in place: nothing to check."""

    def close(self) -> None:
        """Nothing stays open between reads."""


def _local_folder(url: str) -> Path | None:
    parts = urlsplit(url)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None
