"""Whether a bundle that was downloaded is complete: checked from its own bytes and a public key."""

import hashlib
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from services.bundles.manifest import (
    MANIFEST,
    OWN_FILES,
    SIGNATURE,
    SUMS,
    AbsentAsset,
    Manifest,
    read_manifest,
    write_sums,
)
from services.bundles.signature import SignatureWrong, check_signature

_BLOCK_BYTES = 1 << 20
_LARGEST_OWN_BYTES = 64 << 20


@dataclass(frozen=True)
class Verdict:
    """What was found out about a bundle; `absent` is what it says itself that it does not hold.

    `fault` is what keeps it from being judged file by file, empty where nothing does.
    """

    share: str = ""
    frozen_at: str = ""
    files: int = 0
    size_bytes: int = 0
    key: str = ""
    absent: Sequence[AbsentAsset] = ()
    missing: Sequence[str] = ()
    added: Sequence[str] = ()
    altered: Sequence[str] = ()
    fault: str = ""

    def is_complete(self) -> bool:
        """Whether every file that was promised is there unaltered, and none beside, signed by us."""
        return not (self.fault or self.missing or self.added or self.altered)


def verify_bundle(path: Path, keys: Mapping[str, bytes]) -> Verdict:
    """Check a bundle against its manifest, and the manifest against public keys by their names.

    Raises:
        OSError: the file cannot be read.
    """
    try:
        with zipfile.ZipFile(path) as bundle:
            return _verify(bundle, keys)
    except zipfile.BadZipFile:
        fault = "this is no whole zip: its end is missing or damaged; go on with the download"
        return Verdict(fault=fault)


def _verify(bundle: zipfile.ZipFile, keys: Mapping[str, bytes]) -> Verdict:
    names = bundle.namelist()
    lacking = [name for name in OWN_FILES if name not in names]
    if lacking:
        return Verdict(missing=lacking, fault=f"it has no {lacking[0]}: it is not one of ours")
    try:
        content = _read_own(bundle, MANIFEST)
        key = check_signature(_read_own(bundle, SIGNATURE), content, keys)
        manifest = read_manifest(content)
    except SignatureWrong as error:
        return Verdict(fault=str(error))
    except (ValueError, zipfile.BadZipFile) as error:
        return Verdict(fault=f"its manifest cannot be read: {error}")
    return _compare(bundle, manifest, key)


def _read_own(bundle: zipfile.ZipFile, name: str) -> bytes:
    # A manifest that claims to be larger is meant to fill our memory.
    if bundle.getinfo(name).file_size > _LARGEST_OWN_BYTES:
        raise ValueError(f"{name} is too large")
    return bundle.read(name)


def _compare(bundle: zipfile.ZipFile, manifest: Manifest, key: str) -> Verdict:
    promised = {one.name: one for one in manifest.files}
    names = bundle.namelist()
    found = set(names)
    altered = [
        name
        for name, one in promised.items()
        if name in found and not _is_content(bundle, name, one.size_bytes, one.sha256)
    ]
    if not _has_right_sums(bundle, manifest):
        altered.append(SUMS)
    expected = {*promised, *OWN_FILES}
    twice = {name for name in found if names.count(name) > 1} if len(found) < len(names) else set()
    return Verdict(
        share=manifest.share,
        frozen_at=manifest.frozen_at,
        files=len(promised),
        size_bytes=sum(one.size_bytes for one in manifest.files),
        key=key,
        absent=manifest.absent,
        missing=[name for name in promised if name not in found],
        added=sorted((found - expected) | twice),
        altered=altered,
    )


def _is_content(bundle: zipfile.ZipFile, name: str, size_bytes: int, sha256: str) -> bool:
    info = bundle.getinfo(name)
    if info.file_size != size_bytes:
        return False
    digest = hashlib.sha256()
    try:
        with bundle.open(info) as member:
            while block := member.read(_BLOCK_BYTES):
                digest.update(block)
    except (zipfile.BadZipFile, EOFError):
        return False
    return digest.hexdigest() == sha256


def _has_right_sums(bundle: zipfile.ZipFile, manifest: Manifest) -> bool:
    digests = {one.name: one.sha256 for one in manifest.files}
    try:
        for name in (MANIFEST, SIGNATURE):
            digests[name] = hashlib.sha256(bundle.read(name)).hexdigest()
        return bundle.read(SUMS) == write_sums(digests)
    except zipfile.BadZipFile:
        return False
