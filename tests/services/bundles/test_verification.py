import hashlib
import zipfile
from datetime import UTC, datetime
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.bundles.manifest import (
    MANIFEST,
    OWN_FILES,
    SIGNATURE,
    SUMS,
    AbsentAsset,
    ManifestFile,
    write_manifest,
    write_sums,
)
from services.bundles.signature import name_key, write_signature
from services.bundles.verification import verify_bundle

KEY = Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key().public_bytes_raw()
KEYS = {name_key(PUBLIC): PUBLIC}
FILES = {"Autumn/ridge.jpg": b"a ridge", "Autumn/bowl.jpg": b"a bowl", "notes.txt": b"notes"}


def digest(content):
    return hashlib.sha256(content).hexdigest()


def own_files(files, key=KEY):
    manifest = write_manifest(
        share_id=UUID(int=7),
        frozen_at=datetime(2026, 5, 4, tzinfo=UTC),
        files=[ManifestFile(n, n, "original", len(c), digest(c)) for n, c in files.items()],
        absent=[AbsentAsset("Autumn/gone.jpg", "it is empty")],
    )
    signature = write_signature(key.private_bytes_raw(), manifest, signed=MANIFEST)
    sums = {name: digest(content) for name, content in files.items()}
    sums |= {MANIFEST: digest(manifest), SIGNATURE: digest(signature)}
    return {MANIFEST: manifest, SIGNATURE: signature, SUMS: write_sums(sums)}


def write(path, contents):
    with zipfile.ZipFile(path, "w") as bundle:
        for name, content in contents.items():
            bundle.writestr(name, content)
    return path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "bundle.zip"


def test_a_bundle_that_is_as_it_was_made_is_complete(path):
    verdict = verify_bundle(write(path, FILES | own_files(FILES)), KEYS)

    assert verdict.is_complete()
    assert (verdict.files, verdict.size_bytes) == (3, 18)
    assert [one.asset_id for one in verdict.absent] == ["Autumn/gone.jpg"]


@pytest.mark.parametrize(
    ("contents", "field", "names"),
    [
        ({n: c for n, c in FILES.items() if n != "notes.txt"}, "missing", ["notes.txt"]),
        (FILES | {"more.txt": b"more"}, "added", ["more.txt"]),
        (FILES | {"notes.txt": b"other"}, "altered", ["notes.txt"]),
        (FILES | {"notes.txt": b"notes and more"}, "altered", ["notes.txt"]),
        (
            {"Notes.txt" if n == "notes.txt" else n: c for n, c in FILES.items()},
            "added",
            ["Notes.txt"],
        ),
    ],
)
def test_what_is_missing_added_or_altered_is_named(path, contents, field, names):
    verdict = verify_bundle(write(path, contents | own_files(FILES)), KEYS)

    assert not verdict.is_complete()
    assert list(getattr(verdict, field)) == names


@pytest.mark.parametrize("name", OWN_FILES)
def test_a_bundle_without_what_it_says_of_itself_proves_nothing(path, name):
    contents = FILES | own_files(FILES)
    del contents[name]

    verdict = verify_bundle(write(path, contents), KEYS)

    assert not verdict.is_complete()
    assert name in verdict.fault


def test_a_manifest_that_somebody_else_signed_proves_nothing(path):
    other = own_files(FILES, key=Ed25519PrivateKey.generate())

    verdict = verify_bundle(write(path, FILES | other), KEYS)

    assert "not among those given" in verdict.fault


def test_a_manifest_that_was_altered_proves_nothing(path):
    own = own_files(FILES)
    own[MANIFEST] = own[MANIFEST].replace(b"notes.txt", b"votes.txt")

    verdict = verify_bundle(write(path, FILES | own), KEYS)

    assert "altered" in verdict.fault


def test_sums_that_do_not_fit_the_manifest_are_altered(path):
    own = own_files(FILES)
    own[SUMS] = own[SUMS].replace(b"a", b"b")

    assert list(verify_bundle(write(path, FILES | own), KEYS).altered) == [SUMS]


@pytest.mark.parametrize("kept", [0, 10, 200, -1])
def test_a_download_that_broke_off_is_no_whole_zip(path, kept):
    write(path, FILES | own_files(FILES))
    path.write_bytes(path.read_bytes()[:kept])

    assert "no whole zip" in verify_bundle(path, KEYS).fault
