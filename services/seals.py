"""Sealing with the installation's key: tokens and letters at rest, and digests that only we can make.

AES-256-GCM (NIST SP 800-38D) with a key derived per purpose (HKDF, RFC 5869); the purpose and the
id of the row are authenticated too, so that a sealed value cannot be moved to another row.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services.errors import SettingMissing, VitrineError

_ID_BYTES = 4
_NONCE_BYTES = 12
_HEAD_BYTES = _ID_BYTES + _NONCE_BYTES
_KEY_BYTES = 32
#: Fewer than this in 32 random bytes happens to nobody: such a key was typed or copied.
_FEWEST_DIFFERENT_BYTES = 16


class SealBroken(VitrineError):
    """A sealed value cannot be opened: it was changed, or it was sealed with another key."""


class Seals:
    """Seals with one key, and opens what that key or a former one sealed.

    Args:
        link_key: 32 random bytes in base64.
        former_keys: the same, of keys that were used before.
    """

    def __init__(self, link_key: str, former_keys: Sequence[str] = ()) -> None:
        self._key = _Key(link_key)
        former = (_Key(one) for one in former_keys)
        self._keys = {key.id: key for key in (*former, self._key)}

    @property
    def key_id(self) -> bytes:
        """Four bytes that name the key of today."""
        return self._key.id

    def seal(self, value: bytes, *, purpose: str, row: str) -> bytes:
        """Encrypt `value` for one purpose and one row; the result is 32 bytes longer."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = AESGCM(self._key.derive(purpose)).encrypt(nonce, value, row.encode())
        return self._key.id + nonce + sealed

    def open(self, sealed: bytes, *, purpose: str, row: str) -> bytes:
        """Decrypt what `seal` made for the same purpose and row.

        Raises:
            SealBroken: it was changed, or its key is not among ours.
        """
        key = self._keys.get(sealed[:_ID_BYTES])
        nonce, body = sealed[_ID_BYTES:_HEAD_BYTES], sealed[_HEAD_BYTES:]
        if key is None:
            raise SealBroken
        try:
            return AESGCM(key.derive(purpose)).decrypt(nonce, body, row.encode())
        except (InvalidTag, ValueError) as error:
            raise SealBroken from error

    def is_current(self, sealed: bytes) -> bool:
        """Whether the key of today sealed this."""
        return sealed[:_ID_BYTES] == self._key.id

    def digest(self, value: bytes, *, purpose: str, key_id: bytes = b"") -> bytes:
        """Make a digest of 32 bytes that nobody without the key can make or check.

        Raises:
            SealBroken: `key_id` names a key that is not among ours.
        """
        key = self._keys.get(key_id or self._key.id)
        if key is None:
            raise SealBroken
        return hmac.new(key.derive(purpose), value, hashlib.sha256).digest()


class _Key:
    """One secret of 32 bytes, its name, and the keys derived from it."""

    def __init__(self, link_key: str) -> None:
        try:
            secret = base64.b64decode(link_key.strip(), validate=True)
        except binascii.Error:
            secret = b""
        if len(secret) != _KEY_BYTES or len(set(secret)) < _FEWEST_DIFFERENT_BYTES:
            raise SettingMissing(
                "VITRINE_LINK_KEY must be 32 random bytes in base64:"
                " make one with `openssl rand -base64 32`"
            )
        self._secret = secret
        self.id = hashlib.sha256(b"vitrine key id" + secret).digest()[:_ID_BYTES]
        self._derived: dict[str, bytes] = {}

    def derive(self, purpose: str) -> bytes:
        """Derive the key of one purpose."""
        if purpose not in self._derived:
            info = f"vitrine {purpose}".encode()
            hkdf = HKDF(SHA256(), length=_KEY_BYTES, salt=None, info=info)
            self._derived[purpose] = hkdf.derive(self._secret)
        return self._derived[purpose]
