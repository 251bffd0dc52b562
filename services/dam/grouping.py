"""Group by names what belongs together: the frames of 360° sets, subtitles beside their film.

The rule: a folder whose name says so (a word `360` or `spin`, or the ending `.spin`), and in it at
least eight pictures of one ending whose names differ in their last number only. Camera numbers
alone (DSC_0001, DSC_0002) never make a set. Frames are ordered by that number; in `name-01-12`
(row and column) the whole run of numbers orders them.
"""

import re
from collections import defaultdict
from collections.abc import Iterable

_FEWEST_FRAMES = 8
_PICTURES = frozenset({"jpg", "jpeg", "png", "webp", "tif", "tiff", "avif"})
_FILMS = frozenset({"mp4", "m4v", "mov", "mkv", "webm", "avi", "mpg", "mpeg", "ts", "mxf", "wmv"})
_SUBTITLES = frozenset({"srt", "vtt"})
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_SAYS_SPIN = re.compile(r"(?<![0-9a-z])(360|spin)(?![0-9a-z])|\.spin$", re.IGNORECASE)
_NUMBERED = re.compile(r"^(?P<stem>.*?)(?P<numbers>\d+(?:[-_]\d+)?)$")


def find_spins(keys: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Find 360° sets among source keys: the folder of each, with its frames in order."""
    folders: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        folder, _, _ = key.rpartition("/")
        if _SAYS_SPIN.search(folder.rpartition("/")[2]):
            folders[folder].append(key)
    spins = {folder: order_frames(members) for folder, members in folders.items()}
    return {folder: frames for folder, frames in spins.items() if frames}


def find_subtitles(keys: Iterable[str]) -> dict[str, tuple[tuple[str, str], ...]]:
    """Find subtitles beside films: `film.mp4` has `film.srt`, `film.en.vtt` and the like.

    Returns each film's, as source key and language; a language is what stands before the ending.
    """
    films: dict[str, str] = {}
    texts: list[str] = []
    for key in keys:
        stem, _, ending = key.rpartition(".")
        if ending.lower() in _FILMS:
            films.setdefault(stem, key)
        elif ending.lower() in _SUBTITLES:
            texts.append(key)
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for key in sorted(texts):
        stem = key.rpartition(".")[0]
        above, _, last = stem.rpartition(".")
        if stem in films:
            found[films[stem]].append((key, ""))
        elif above in films and _LANGUAGE.fullmatch(last):
            found[films[above]].append((key, last))
    return {film: tuple(beside) for film, beside in found.items()}


def order_frames(keys: Iterable[str]) -> tuple[str, ...]:
    """Put the frames of one folder into order, or return none if they are no set."""
    numbered: list[tuple[tuple[int, ...], str]] = []
    kinds: set[tuple[str, str]] = set()
    for key in keys:
        name, _, ending = key.rpartition("/")[2].rpartition(".")
        match = _NUMBERED.match(name)
        if match is None or ending.lower() not in _PICTURES:
            return ()
        kinds.add((match["stem"], ending.lower()))
        numbers = tuple(int(part) for part in re.split("[-_]", match["numbers"]))
        numbered.append((numbers, key))
    if len(kinds) != 1 or len(numbered) < _FEWEST_FRAMES:
        return ()
    return tuple(key for _, key in sorted(numbered))
