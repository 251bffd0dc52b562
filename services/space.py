"""Room on the store's disk: a share that would fill it is refused before anything of it is made."""

from collections.abc import Iterable

from models.kinds import AssetKind
from services.errors import TooLittleSpace
from services.installation import Installation
from services.originals import Original

_MEBIBYTE = 1 << 20
#: What a file needs at the default formats, with its page: less where it is small itself.
_MOST_BYTES_PER_FILE = 2 * _MEBIBYTE
_LEAST_BYTES_PER_FILE = _MEBIBYTE // 4


def check_space(installation: Installation, originals: Iterable[Original]) -> None:
    """Make sure that what these need leaves the reserve untouched.

    Raises:
        TooLittleSpace: it does not; the message says how much is missing.
    """
    free = installation.store.count_free_bytes()
    if free is None:
        return
    needed = sum(map(_estimate, originals))
    reserve = installation.settings.store_reserve_mb * _MEBIBYTE
    if needed + reserve > free:
        raise TooLittleSpace(
            f"this share needs about {_say(needed)}, {_say(reserve)} are to stay free, and the"
            f" store's disk has {_say(free)} left: free some, or lower VITRINE_STORE_RESERVE_MB"
        )


def _estimate(original: Original) -> int:
    if original.kind is AssetKind.VIDEO:
        # For the web it is hardly ever larger than it was.
        return _MOST_BYTES_PER_FILE + original.size_bytes
    return min(_MOST_BYTES_PER_FILE, _LEAST_BYTES_PER_FILE + 2 * original.size_bytes)


def _say(size_bytes: int) -> str:
    return f"{size_bytes / _MEBIBYTE:,.0f} MiB"
