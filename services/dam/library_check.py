"""Check a library's description against its files, and name all mistakes at once."""

from collections import Counter
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from services.dam.grouping import find_spins
from services.dam.library_yaml import FILE_NAME, LibraryYaml, tidy_path
from services.errors import LibraryInvalid


def check_library(description: LibraryYaml, keys: AbstractSet[str]) -> None:
    """Make sure that everything the description names is there, and that ids are unique.

    Raises:
        LibraryInvalid: with every mistake.
    """
    mistakes = list(_find_mistakes(description, keys))
    if mistakes:
        raise LibraryInvalid(f"{FILE_NAME} has mistakes: {'; '.join(mistakes)}")


def _find_mistakes(description: LibraryYaml, keys: AbstractSet[str]) -> Iterator[str]:
    folders = {"/".join(key.split("/")[:n]) for key in keys for n in range(1, key.count("/") + 1)}
    ids = [*_asset_ids(description), *description.spins, *description.playlists]
    yield from (
        f"assets: there is no file {one!r}" for one in description.assets if one not in keys
    )
    for one, count in Counter(ids).items():
        if count > 1:
            yield f"the id {one!r} is given {count} times"
        if one in keys:
            yield f"the id {one!r} is the path of a file"
    for user_id, user in description.users.items():
        for folder in user.may_share:
            if folder and folder not in folders:
                yield f"users > {user_id} > may_share: there is no folder {folder!r}"
    yield from _find_wrong_classifications(description)
    known = {*keys, *ids, *find_spins(keys)}
    yield from _find_missing_parts(description, keys, folders, known)


def _find_wrong_classifications(description: LibraryYaml) -> Iterator[str]:
    for name, classification in description.classifications.items():
        for user_id in classification.managed_by:
            if user_id not in description.users:
                yield f"classifications > {name} > managed_by: there is no user {user_id!r}"
    groups = (description.assets, description.spins, description.playlists)
    for group in groups:
        for one, entry in group.items():
            for name in entry.classified:
                if name not in description.classifications:
                    yield f"{one} > classified: there is no classification {name!r}"


def _asset_ids(description: LibraryYaml) -> list[str]:
    return [entry.id for entry in description.assets.values() if entry.id]


def _find_missing_parts(
    description: LibraryYaml,
    keys: AbstractSet[str],
    folders: AbstractSet[str],
    known: AbstractSet[str],
) -> Iterator[str]:
    for spin_id, spin in description.spins.items():
        if bool(spin.folder) == bool(spin.frames):
            yield f"spins > {spin_id}: give either folder or frames"
        if spin.folder and spin.folder not in folders:
            yield f"spins > {spin_id}: there is no folder {spin.folder!r}"
        yield from (f"spins > {spin_id}: no file {one!r}" for one in spin.frames if one not in keys)
    for playlist_id, playlist in description.playlists.items():
        for one in map(tidy_path, playlist.entries):
            if one not in known or one in description.playlists:
                yield f"playlists > {playlist_id}: there is no asset {one!r}"
    for path, entry in description.assets.items():
        for one in map(tidy_path, entry.links):
            if one not in known:
                yield f"assets > {path} > links: there is no asset {one!r}"
