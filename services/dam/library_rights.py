"""What a library's description says of rights: who may share what, and until when it may be used."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta

from services.dam.library_yaml import (
    AssetEntry,
    LibraryYaml,
    PlaylistEntry,
    RightsEntry,
    SpinEntry,
)
from services.dam.protocol import Classified, RightsWindow, SharedThing


def find_lost(
    description: LibraryYaml, user_id: str, things: Mapping[int, SharedThing], *, now: datetime
) -> frozenset[int]:
    """List the positions of what a user may share no longer, or nobody may use."""
    user = description.users.get(user_id)
    if user is None:
        return frozenset(things)
    by_id = {entry.id: entry for entry in description.assets.values() if entry.id}
    return frozenset(
        position
        for position, thing in things.items()
        if not all(may_share(user.may_share, key) for key in thing.source_keys)
        or not find_window(_rights_of(description, by_id, thing)).is_open(now)
    )


def may_share(folders: tuple[str, ...], source_key: str) -> bool:
    """Whether a file lies in one of these folders or below."""
    return any(is_within(source_key, folder) for folder in folders)


def is_within(path: str, folder: str) -> bool:
    """Whether a path is a folder's or below it; the empty folder is everything."""
    return not folder or path == folder or path.startswith(f"{folder}/")


def find_window(entries: Iterator[RightsEntry]) -> RightsWindow:
    """Find the narrowest of several windows."""
    begins, ends = [], []
    for entry in entries:
        begins += [_midnight(entry.begins_on)] if entry.begins_on else []
        ends += [_midnight(entry.ends_on) + timedelta(days=1)] if entry.ends_on else []
    return RightsWindow(max(begins, default=None), min(ends, default=None))


def read_classified(entry: AssetEntry | SpinEntry | PlaylistEntry) -> tuple[Classified, ...]:
    """Read what the classifications say of an asset."""
    return tuple(
        Classified(name, fields=tuple(details.items()))
        if isinstance(details, dict)
        else Classified(name, tags=details)
        for name, details in entry.classified.items()
    )


def _rights_of(
    description: LibraryYaml, by_id: Mapping[str, AssetEntry], thing: SharedThing
) -> Iterator[RightsEntry]:
    for group in (description.spins, description.playlists, by_id):
        entry = group.get(thing.asset_id)
        if entry is not None:
            yield entry.rights
    for key in thing.source_keys:
        yield description.assets.get(key, AssetEntry()).rights


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
