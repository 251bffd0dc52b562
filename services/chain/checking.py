"""Checking a history where it lies: in the database, or in a file that was exported."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.chain.links import Anchor
from services.chain.proof import ProofCount, write_proof
from services.chain.verdict import HistoryVerdict
from services.chain.verification import MARK, verify_lines
from services.installation import Installation
from services.signing import Signer

_LONGEST_LINE = 16 << 20


def is_history(path: Path) -> bool:
    """Whether a file begins as an exported history does."""
    with path.open("rb") as file:
        return file.read(len(MARK)) == MARK


def verify_file(
    path: Path, keys: Mapping[str, bytes], anchor: Anchor | None = None
) -> HistoryVerdict:
    """Check an exported history against public keys by their names.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb", buffering=1 << 20) as file:
        return verify_lines(_read_lines(file), keys, anchor)


def verify_history(
    installation: Installation, keys: Mapping[str, bytes], anchor: Anchor | None = None
) -> HistoryVerdict:
    """Check the whole history in the database, and what lies beside its events, as of now."""
    # The end is ours, of this moment: no seal is believed because of its key.
    signer = Signer("this check", Ed25519PrivateKey.generate())
    known = {**keys, signer.name: signer.private.public_key().public_bytes_raw()}
    with (
        installation.transaction() as session,
        closing(write_proof(session, signer, ProofCount(), is_personal=True)) as lines,
    ):
        return verify_lines(lines, known, anchor)


def _read_lines(file: BinaryIO) -> Iterator[bytes]:
    """Read lines without their ends; one that is longer than any of ours ends it all."""
    while line := file.readline(_LONGEST_LINE):
        yield line.removesuffix(b"\n")
