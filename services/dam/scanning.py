"""Walk a directory tree: which files are there, and which of them cannot be shared."""

import os
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from services.dam.library_yaml import FILE_NAME
from services.dam.protocol import BadFile

_NO_ASSETS = frozenset({FILE_NAME, "Thumbs.db", "desktop.ini", "__MACOSX"})


@dataclass(frozen=True)
class Found:
    """A file that can be shared: its key (NFC) and the very path on disk."""

    source_key: str
    path: Path


def scan(root: Path) -> tuple[dict[str, Found], dict[str, BadFile]]:
    """List the files below `root` by key, and the bad ones with the reason, both unordered."""
    found: dict[str, Found] = {}
    bad: dict[str, BadFile] = {}
    for entry, names in _walk(root, ()):
        key = unicodedata.normalize("NFC", "/".join(names))
        reason = find_fault(entry, root)
        if not reason and key in found:
            reason = "another file has the same name, spelt with other code points"
        shown = key.encode("utf-8", "backslashreplace").decode()
        if reason:
            bad[shown] = BadFile(shown, reason)
        else:
            found[key] = Found(key, Path(entry.path))
    return found, bad


def _walk(
    folder: Path, above: tuple[str, ...]
) -> Iterator[tuple["os.DirEntry[str]", tuple[str, ...]]]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if entry.name.startswith((".", "~$")) or entry.name in _NO_ASSETS:
            continue
        names = (*above, entry.name)
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path), names)
        else:
            yield entry, names


def find_fault(entry: "os.DirEntry[str] | Path", root: Path) -> str:
    """Say why a file cannot be shared, or nothing."""
    if not _is_utf8(entry.name):
        return "its name is not valid UTF-8: rename it"
    if entry.is_symlink():
        return _find_link_fault(Path(entry), root)
    try:
        status = os.lstat(entry)
    except OSError as error:
        return f"it cannot be read: {error.strerror}"
    return _find_file_fault(entry, status)


def _find_file_fault(place: "os.PathLike[str] | str", status: os.stat_result) -> str:
    if not stat.S_ISREG(status.st_mode):
        return "it is no regular file"
    if not os.access(place, os.R_OK):
        return "it cannot be read: permission denied"
    return "it is empty" if status.st_size == 0 else ""


def leads_to_file(root: Path, key: str) -> bool:
    """Whether a key leads to a file that can be shared, through folders alone and no link.

    The short way, for whoever opens thousands: one question to the system for each name.
    """
    place = follow_folders(str(root), key)
    try:
        return bool(place) and not _find_file_fault(place, os.lstat(place))
    except OSError:
        return False


def follow_folders(root: str, key: str) -> str:
    """Follow a key through folders alone and no link; its file is not looked at. "" leads nowhere."""
    *folders, name = key.split("/")
    if ".." in folders:
        return ""
    place = root
    try:
        for folder in folders:
            place = f"{place}/{folder}"
            if not stat.S_ISDIR(os.lstat(place).st_mode):
                return ""
    except OSError:
        return ""
    return f"{place}/{name}"


def _find_link_fault(link: Path, root: Path) -> str:
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):
        return "it is a link that leads nowhere"
    if not target.is_relative_to(root.resolve()):
        return "it is a link that leads out of the library"
    return "it is a link: put the file itself there"


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
