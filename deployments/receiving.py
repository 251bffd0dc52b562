"""Do what a recipient does: download the zip, unpack it, and compare it with the originals."""

import hashlib
import tempfile
import time
import zipfile
from pathlib import Path
from urllib.parse import urljoin

import httpx

from services.bundles.manifest import OWN_FILES
from services.bundles.signature import read_keys
from services.bundles.verification import verify_bundle
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
        problems += _verify(target, urljoin(link, "/keys.json"))
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


def _verify(bundle: Path, keys: str) -> list[str]:
    """Check it as `vitrine verify` does, against the public keys that the gateway publishes."""
    published = httpx.get(keys, timeout=60).raise_for_status().content
    verdict = verify_bundle(bundle, read_keys(published))
    wrong = [*verdict.missing, *verdict.added, *verdict.altered]
    return [verdict.fault or f"not as signed: {wrong}"] if not verdict.is_complete() else []


def _compare(unpacked: Path, library: Library, folder: str) -> list[str]:
    """Compare every byte with the originals."""
    originals = sorted(
        _digest(library.locate(file.source_key))
        for asset in library.folder(folder).assets
        for file in asset.files
    )
    received = sorted(
        _digest(path)
        for path in unpacked.rglob("*")
        if path.is_file() and path.relative_to(unpacked).as_posix() not in OWN_FILES
    )
    if received == originals:
        return []
    return [f"{len(originals)} originals, {len(received)} files that are not the same"]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
