"""Signatures that anybody can check without asking us: Ed25519 (RFC 8032) over exact bytes."""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_ALGORITHM = "Ed25519"
_KEY_BYTES = 32
_ID_LETTERS = 16


class SignatureWrong(Exception):
    """A signature does not fit, or it cannot be read; the message says which."""


@dataclass(frozen=True)
class PublishedKey:
    """A public key as it is published; times in ISO 8601, `retired_at` empty while it signs."""

    id: str
    public: str
    made_at: str
    retired_at: str


def name_key(public: bytes) -> str:
    """Name a public key (32 bytes) by its digest, so that nobody can pass off another one."""
    return hashlib.sha256(public).hexdigest()[:_ID_LETTERS]


def write_signature(private: bytes, content: bytes, *, signed: str) -> bytes:
    """Sign `content`, which lies in the file `signed`, with a private key of 32 bytes."""
    key = Ed25519PrivateKey.from_private_bytes(private)
    written = {
        "algorithm": _ALGORITHM,
        "key": name_key(key.public_key().public_bytes_raw()),
        "signed": signed,
        "signature": base64.b64encode(key.sign(content)).decode(),
    }
    return (json.dumps(written, indent=1) + "\n").encode()


def check_signature(signature: bytes, content: bytes, keys: Mapping[str, bytes]) -> str:
    """Check a signature against public keys by their names, and return the name of the right one.

    Raises:
        SignatureWrong: it does not fit, or no key that was given made it.
    """
    try:
        written = json.loads(signature)
        name, given = written["key"], base64.b64decode(written["signature"], validate=True)
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise SignatureWrong("its signature cannot be read") from error
    if name not in keys:
        raise SignatureWrong(f"it was signed with the key {name}, which is not among those given")
    if not is_signed(keys[name], given, content):
        raise SignatureWrong("its signature does not fit: the manifest was altered")
    return str(name)


def is_signed(public: bytes, signature: bytes, content: bytes) -> bool:
    """Whether the owner of a public key (32 bytes) made this signature of `content`."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, content)
    except InvalidSignature:
        return False
    return True


def write_keys(keys: Sequence[PublishedKey]) -> bytes:
    """Write public keys as they are published."""
    shown = [{"algorithm": _ALGORITHM, **asdict(one)} for one in keys]
    return (json.dumps({"keys": shown}, indent=1) + "\n").encode()


def read_keys(published: bytes) -> dict[str, bytes]:
    """Read published keys, by their names.

    Raises:
        ValueError: these are no published keys.
    """
    try:
        keys = [base64.b64decode(one["public"]) for one in json.loads(published)["keys"]]
    except (KeyError, TypeError) as error:
        raise ValueError("these are no published keys") from error
    if any(len(key) != _KEY_BYTES for key in keys):
        raise ValueError("a key has another length than 32 bytes")
    return {name_key(key): key for key in keys}
