"""Sealing with the installation's key: tokens and letters at rest, and digests that only we can make.

AES-256-GCM (NIST SP 800-38D) with a key derived per purpose (HKDF, RFC 5869); the purpose and the
id of the row are authenticated too, so that a sealed value cannot be moved to another row.
"""

import base64
import binascii
import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services.errors import SettingMissing, VitrineError

_NONCE_BYTES = 12
_KEY_BYTES = 32


class SealBroken(VitrineError):
    """A sealed value cannot be opened: it was changed, or it was sealed with another key."""


class Seals:
    """Seals and opens values with keys derived from one secret of 32 bytes."""

    def __init__(self, link_key: str) -> None:
        try:
            secret = base64.b64decode(link_key, validate=True)
        except binascii.Error:
            secret = b""
        if len(secret) != _KEY_BYTES:
            raise SettingMissing(
                "VITRINE_LINK_KEY must be 32 random bytes in base64:"
                " make one with `openssl rand -base64 32`"
            )
        self._secret = secret
        # Names the key in what it sealed, so that keys can be changed one day.
        self._key_id = hashlib.sha256(b"vitrine key id" + secret).digest()[:4]
        self._derived: dict[str, bytes] = {}

    def seal(self, value: bytes, *, purpose: str, row: str) -> bytes:
        """Encrypt `value` for one purpose and one row; the result is 32 bytes longer."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = AESGCM(self._derive(purpose)).encrypt(nonce, value, row.encode())
        return self._key_id + nonce + sealed

    def open(self, sealed: bytes, *, purpose: str, row: str) -> bytes:
        """Decrypt what `seal` made for the same purpose and row."""
        nonce, body = sealed[4 : 4 + _NONCE_BYTES], sealed[4 + _NONCE_BYTES :]
        try:
            return AESGCM(self._derive(purpose)).decrypt(nonce, body, row.encode())
        except (InvalidTag, ValueError) as error:
            raise SealBroken from error

    def digest(self, value: bytes, *, purpose: str) -> bytes:
        """Make a digest of 32 bytes that nobody without the key can make or check."""
        return hmac.new(self._derive(purpose), value, hashlib.sha256).digest()

    def _derive(self, purpose: str) -> bytes:
        if purpose not in self._derived:
            info = f"vitrine {purpose}".encode()
            hkdf = HKDF(SHA256(), length=_KEY_BYTES, salt=None, info=info)
            self._derived[purpose] = hkdf.derive(self._secret)
        return self._derived[purpose]
