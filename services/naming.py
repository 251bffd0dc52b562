"""Names for files that leave the house: true to what they name, and safe on every system."""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath
from urllib.parse import quote

_LONGEST_BYTES = 150
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
# Reserved on Windows, with any ending: CON, NUL, COM1 and the like.
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])", re.IGNORECASE)
# Control, format (bidirectional overrides among them), surrogate, private and unassigned; the
# separators of lines and paragraphs, at which many a reader of a list breaks a name in two.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Joiners are format characters too, and whole scripts and emoji need them.
_JOINERS = frozenset("\u200c\u200d")


def safe_name(text: str) -> str:
    """Make a file name of `text`: NFC, at most 150 bytes of UTF-8 with its ending kept, never empty."""
    seen = (c for c in unicodedata.normalize("NFC", text) if _is_seen(c))
    name = _FORBIDDEN.sub("-", "".join(seen)).strip().lstrip(".").rstrip(". ").strip()
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending.encode()) > 16 or not stem:  # noqa: PLR2004
        stem, ending = name, ""
    if _RESERVED.fullmatch((stem or name).split(".")[0].rstrip()):
        stem = f"_{stem}"
    suffix = f".{ending}" if ending else ""
    return (_cut(stem, _LONGEST_BYTES - len(suffix.encode())).rstrip(". ") or "file") + suffix


def safe_path(parts: Iterable[str]) -> str:
    """Make a path inside a zip of names, `/` between them."""
    return "/".join(safe_name(part) for part in parts if part)


def make_unique(paths: Iterable[str]) -> list[str]:
    """Make paths different after case folding, and no file the folder of another.

    The first of equal names keeps it, the others get ` (2)`, ` (3)` before their ending.
    """
    wanted = list(paths)
    folders = {_fold(str(parent)) for path in wanted for parent in PurePosixPath(path).parents}
    taken: set[str] = set()
    counts: dict[str, int] = {}
    result = []
    for path in wanted:
        unique, folded = path, _fold(path)
        while (key := _fold(unique)) in taken or key in folders:
            counts[folded] = counts.get(folded, 1) + 1
            unique = _number(path, counts[folded])
        taken.add(key)
        result.append(unique)
    return result


def write_disposition(name: str) -> str:
    """Write a Content-Disposition that saves under `name` (RFC 6266, RFC 8187)."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = plain.replace("\\", "").replace('"', "").replace("%", "")
    if not plain.partition(".")[0].strip():
        plain = f"download{plain}"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _is_seen(character: str) -> bool:
    return unicodedata.category(character) not in _UNSEEN or character in _JOINERS


def _cut(text: str, most_bytes: int) -> str:
    return text.encode()[:most_bytes].decode("utf-8", "ignore")


def _fold(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def _number(path: str, count: int) -> str:
    pure = PurePosixPath(path)
    mark = f" ({count})"
    stem = _cut(pure.stem, _LONGEST_BYTES - len(pure.suffix.encode()) - len(mark))
    return str(pure.with_name(f"{stem}{mark}{pure.suffix}"))
