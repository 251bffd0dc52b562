"""Passwords of shares: never sent by us, never kept, and worthless to whoever copies the database.

Argon2id (19 MiB, two passes, one lane: OWASP Password Storage) over a digest that only this
installation can make. Four characters stay allowed, so the key outside the database is what
protects a short one; the throttle protects it at the door.
"""

import re
import unicodedata
from collections.abc import Iterator
from uuid import UUID, uuid5

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models.base import new_id
from models.password import Password
from services.errors import PasswordUnusable, UnknownPassword
from services.installation import Installation
from services.requests import ShareRequest
from services.seals import SealBroken, Seals

SHORTEST, LONGEST = 4, 256
_STRONG_LENGTH = 10
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_PURPOSE = "password"
_WELL_KNOWN = frozenset(
    [
        "1234",
        "12345",
        "123456",
        "1234567",
        "12345678",
        "123456789",
        "0000",
        "1111",
        "abcd",
        "abc123",
        "admin",
        "dragon",
        "football",
        "iloveyou",
        "letmein",
        "master",
        "monkey",
        "pass",
        "passw0rd",
        "password",
        "password1",
        "press",
        "qwer",
        "qwerty",
        "qwertz",
        "secret",
        "shadow",
        "share",
        "sunshine",
        "test",
        "welcome",
    ]
)
#: Passwords that came in Secret blocks have their ids by these.
_BLOCKS = UUID("0d8f3b52-5a4e-5d0f-8d6a-6c1a6e0b7c11")
_ROWS = ("01234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm")


def keep_password(installation: Installation, text: str) -> tuple[UUID, tuple[str, ...]]:
    """Keep the hash of a password, and return its id and what is weak about it.

    Raises:
        PasswordUnusable: it is too short or too long, or weak where the installation refuses that.
    """
    check_password(text)
    warnings = tuple(find_weaknesses(text))
    if warnings and installation.settings.refuse_weak_passwords:
        raise PasswordUnusable(f"the password {warnings[0]}: choose another one")
    row = Password(id=new_id(), hash=hash_password(installation.seals, text))
    with installation.transaction() as session:
        session.add(row)
    return row.id, warnings


def keep_block_password(
    installation: Installation, request: ShareRequest, text: str, *, run: str
) -> ShareRequest:
    """Keep the password that a request's Secret block holds, and name it in the request.

    The id follows from the request, so that keeping it again changes nothing.

    Raises:
        PasswordUnusable: it cannot be a password, or the request has an id of one too.
    """
    if request.password:
        raise PasswordUnusable("password and password_block are both given: name one of them")
    check_password(text)
    weakness = next(find_weaknesses(text), "")
    if weakness and installation.settings.refuse_weak_passwords:
        raise PasswordUnusable(f"the password {weakness}: choose another one")
    password_id = _name_block_password(request, run)
    row = {"id": password_id, "hash": hash_password(installation.seals, text)}
    with installation.transaction() as session:
        session.execute(insert(Password).values(row).on_conflict_do_nothing())
    return request.model_copy(update={"password": str(password_id)})


def find_block_password(
    installation: Installation, request: ShareRequest, *, run: str
) -> ShareRequest:
    """Name in the request the password that an earlier run took from its block.

    Raises:
        UnknownPassword: none did, and there is no such block.
    """
    password_id = _name_block_password(request, run)
    with installation.transaction() as session:
        if session.get(Password, password_id) is None:
            raise UnknownPassword(
                f"there is no Secret block {request.password_block!r}: make it in Prefect, or hand"
                " the password to the desk (POST /passwords)"
            )
    return request.model_copy(update={"password": str(password_id)})


def _name_block_password(request: ShareRequest, run: str) -> UUID:
    parts = (request.owner, request.request_key or run, request.password_block)
    return uuid5(_BLOCKS, "\x1f".join(parts))


def find_password(session: Session, password_id: str) -> str:
    """Find the hash that the desk keeps under an id.

    Raises:
        UnknownPassword: there is none; a share that asks for a password never opens without it.
    """
    row = session.get(Password, UUID(password_id))
    if row is None:
        raise UnknownPassword(
            f"there is no password {password_id}: the desk gives an id for each (POST /passwords)"
        )
    return row.hash


def check_password(text: str) -> None:
    """Refuse what cannot be a password.

    Raises:
        PasswordUnusable: it has fewer than 4 characters, or more than 256.
    """
    if not SHORTEST <= len(_normalise(text)) <= LONGEST:
        raise PasswordUnusable(f"a password has {SHORTEST} to {LONGEST} characters")


def find_weaknesses(text: str) -> Iterator[str]:
    """Say what would make a password easy to guess."""
    plain = _normalise(text).casefold()
    if plain in _WELL_KNOWN:
        yield "is among those that are tried first"
    elif len(set(plain)) == 1:
        yield "is one character again and again"
    elif any(plain in row or plain in row[::-1] for row in _ROWS):
        yield "is a row of neighbouring keys or letters"
    elif re.fullmatch(r"\d+", plain):
        yield "has digits only"
    elif len(plain) < _STRONG_LENGTH:
        yield f"has fewer than {_STRONG_LENGTH} characters"


def hash_password(seals: Seals, text: str) -> str:
    """Hash a password; takes about 40 ms and 19 MiB on purpose."""
    hashed = _HASHER.hash(_pepper(seals, text, seals.key_id))
    return f"{seals.key_id.hex()}{hashed}"


def is_right(seals: Seals, hashed: str, text: str) -> bool:
    """Whether this is the password; takes as long for a wrong one.

    A hash whose key is not among ours any more fits no password.
    """
    try:
        key_id, argon2 = _divide(hashed)
        return _HASHER.verify(argon2, _pepper(seals, text, key_id))
    except (VerifyMismatchError, SealBroken):
        return False


def is_of_today(seals: Seals, hashed: str) -> bool:
    """Whether a hash was made with the key and the cost of today; else it is to be made anew."""
    key_id, argon2 = _divide(hashed)
    return key_id == seals.key_id and not _HASHER.check_needs_rehash(argon2)


def _divide(hashed: str) -> tuple[bytes, str]:
    """Divide a hash into the name of its key and what argon2 made."""
    key_id, _, argon2 = hashed.partition("$")
    return bytes.fromhex(key_id), f"${argon2}"


def _pepper(seals: Seals, text: str, key_id: bytes) -> bytes:
    return seals.digest(_normalise(text).encode(), purpose=_PURPOSE, key_id=key_id)


def _normalise(text: str) -> str:
    # The same letters typed on another keyboard are the same password; spaces around it are not it.
    return unicodedata.normalize("NFC", text.strip())
