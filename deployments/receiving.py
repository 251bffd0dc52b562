"""Do what a recipient does: download the zip, unpack it, and compare it with the originals."""

import hashlib
import json
import tempfile
import time
import zipfile
from pathlib import Path
from urllib.parse import urljoin

import httpx

from services.dam.library import Library

_BLOCK_BYTES = 1 << 20
_LETTER_SECONDS = 30.0


def receive_bundle(link: str, library: Library, folder: str) -> tuple[int, list[str]]:
    """Take all originals as a zip: its size in bytes, and everything that is wrong with it."""
    with tempfile.TemporaryDirectory(prefix="vitrine-received-") as place:
        target = Path(place) / "bundle.zip"
        promised = _download(urljoin(link, "bundle/original"), target)
        size_bytes = target.stat().st_size
        problems = (
            [] if promised == size_bytes else [f"{promised} bytes promised, {size_bytes} came"]
        )
        with zipfile.ZipFile(target) as bundle:
            bundle.extractall(Path(place) / "unpacked")
        problems += _compare(Path(place) / "unpacked", library, folder)
    return size_bytes, problems


def wait_for_letters(letters: Path, *, after: float) -> list[Path]:
    """Wait until the letters of this run lie in the mail folder."""
    deadline = time.monotonic() + _LETTER_SECONDS
    while time.monotonic() < deadline:
        pages = [one for one in letters.glob("[!.]*.html") if one.stat().st_mtime >= after]
        if pages:
            return sorted(pages)
        time.sleep(0.1)
    return []


def _download(url: str, target: Path) -> int:
    with httpx.stream("GET", url, timeout=60) as answer, target.open("wb") as file:
        answer.raise_for_status()
        for block in answer.iter_bytes(_BLOCK_BYTES):
            file.write(block)
        return int(answer.headers["content-length"])


def _compare(unpacked: Path, library: Library, folder: str) -> list[str]:
    """Compare every byte with the originals, and the manifest with both."""
    originals = sorted(
        _digest(library.locate(file.source_key))
        for asset in library.folder(folder).assets
        for file in asset.files
    )
    received = {
        str(path.relative_to(unpacked)): _digest(path)
        for path in unpacked.rglob("*")
        if path.is_file() and path.name != "MANIFEST.json"
    }
    manifest = json.loads((unpacked / "MANIFEST.json").read_text())
    listed = {one["name"]: one["sha256"] for one in manifest["files"]}
    problems = []
    if sorted(received.values()) != originals:
        problems.append(f"{len(originals)} originals, {len(received)} files that are not the same")
    if listed != received:
        problems.append("the manifest lists other files than the zip holds")
    return problems


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
