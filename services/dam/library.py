"""The adapter `library`: a directory tree as a DAM, with a `library.yaml` in its root.

An asset's id is the one given in `library.yaml`, else its path relative to the library. Frames of a
360° set are one asset; entries of a playlist stay assets of their own as well.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path

from services.dam.grouping import find_spins, find_subtitles, order_frames
from services.dam.library_assets import AssetMaker
from services.dam.library_check import check_library
from services.dam.library_rights import find_lost, is_within, may_share
from services.dam.library_yaml import (
    SpinEntry,
    describe_state,
    read_library_yaml,
    tidy_path,
)
from services.dam.missing import explain_missing
from services.dam.natural_order import natural, natural_place
from services.dam.protocol import (
    BadFile,
    Contact,
    Context,
    DamAsset,
    DamUser,
    FolderContents,
    SharedThing,
)
from services.dam.scanning import Found, find_fault, follow_folders, leads_to_file, scan
from services.errors import (
    LibraryInvalid,
    UnknownAsset,
    UnknownFolder,
    UnknownOwner,
    UnknownRecipients,
    UnusableOriginal,
)


class Library:
    """A directory tree, read as it is at the first question.

    Raises:
        LibraryInvalid: the folder or its description cannot be used.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        if not self.root.is_dir():
            raise LibraryInvalid(f"there is no folder {root}: set VITRINE_LIBRARY to one")
        self.description = read_library_yaml(self.root)

    def user(self, user_id: str) -> DamUser:
        """Find a user by id."""
        entry = self.description.users.get(user_id)
        if entry is None:
            known = ", ".join(sorted(self.description.users)) or "none"
            raise UnknownOwner(f"{user_id!r} is no user of the library (its users: {known})")
        manages = frozenset(
            name
            for name, classification in self.description.classifications.items()
            if user_id in classification.managed_by
        )
        return DamUser(user_id, entry.name or user_id, entry.email, entry.may_share, manages)

    def users(self) -> tuple[DamUser, ...]:
        """List all users."""
        return tuple(self.user(user_id) for user_id in self.description.users)

    def contacts(self, list_name: str) -> tuple[Contact, ...]:
        """Read a contact list."""
        people = self.description.contacts.get(list_name)
        if people is None:
            known = ", ".join(sorted(self.description.contacts)) or "none"
            raise UnknownRecipients(f"there is no contact list {list_name!r} (there are: {known})")
        return tuple(Contact(person.address, person.name) for person in people)

    def contexts(self) -> tuple[Context, ...]:
        """List the contexts in the order in which the description names them."""
        return tuple(Context(name, title) for name, title in self.description.contexts.items())

    def assets(self, ids: Sequence[str]) -> tuple[DamAsset, ...]:
        """Find assets by their ids, each once, in the order given."""
        wanted = {self._find_id(asset_id): None for asset_id in ids}
        bad = [self.bad_files[one] for one in wanted if one in self.bad_files]
        unknown = [one for one in wanted if one not in self._by_id and one not in self.bad_files]
        if unknown:
            raise UnknownAsset(
                f"{len(unknown)} of {len(wanted)} assets do not exist: {', '.join(unknown)}"
                f"{self._hint(unknown[0], list(self._by_id))}"
            )
        if bad:
            names = "; ".join(f"{one.source_key}: {one.reason}" for one in bad)
            raise UnusableOriginal(f"{len(bad)} of the picked assets cannot be used: {names}")
        return tuple(self._by_id[one] for one in wanted)

    def folder(self, path: str) -> FolderContents:
        """List the assets of a folder with its sub-folders, in natural order."""
        inside = tidy_path(path)
        if inside and inside not in self.folders:
            hint = self._hint(inside, list(self.folders))
            raise UnknownFolder(f"there is no folder {path!r} in the library{hint}")
        assets = [one for one in self.all_assets if _lies_within(one, inside)]
        bad = [one for one in self.bad_files.values() if is_within(one.source_key, inside)]
        return FolderContents(tuple(assets), tuple(bad))

    def refused_assets(self, user: DamUser, assets: Sequence[DamAsset]) -> tuple[DamAsset, ...]:
        """List the assets of which some part lies in no folder that the user may share."""
        return tuple(
            asset
            for asset in assets
            if not all(may_share(user.may_share, file.source_key) for file in asset.files)
        )

    def version(self) -> str:
        """Name the state of the description: another one when its file is another."""
        return describe_state(self.root)

    def lost_assets(
        self, user_id: str, things: Mapping[int, SharedThing], *, now: datetime
    ) -> frozenset[int]:
        """List the positions of what this user may share no longer, or nobody may use."""
        return find_lost(self.description, user_id, things, now=now)

    def reach(self, source_key: str) -> str:
        """Say where an original lies if nobody moved it; "" where it certainly does not."""
        return follow_folders(str(self.root), source_key)

    def locate(self, source_key: str) -> Path:
        """Say where an original lies.

        Raises:
            OriginalChanged: it is not there any more; OriginalAway: nor is anything else.
        """
        path = self.root / source_key
        if leads_to_file(self.root, source_key):
            return path
        if not path.exists() and source_key in self._found:
            # The name on disk is spelt with other code points than its key.
            path = self._found[source_key].path
        is_inside = path.parent.resolve().is_relative_to(self.root)
        if not is_inside or find_fault(path, self.root):
            raise explain_missing(self.root, source_key)
        return path

    @cached_property
    def all_assets(self) -> tuple[DamAsset, ...]:
        """All assets in natural order of folder and name."""
        inside = {key for frames in self._spin_frames.values() for key in frames}
        inside |= {key for beside in self._subtitles.values() for key, _ in beside}
        make = AssetMaker(self.description)
        plain = [
            make.make_plain(found, self._subtitles.get(key, ()))
            for key, found in self._found.items()
            if key not in inside
        ]
        spins = [make.make_spin(spin_id, frames) for spin_id, frames in self._spin_frames.items()]
        files = {asset.id: asset for asset in [*plain, *spins]}
        files.update({asset.files[0].source_key: asset for asset in plain})
        playlists = [
            make.make_playlist(playlist_id, files) for playlist_id in self.description.playlists
        ]
        return tuple(sorted([*plain, *spins, *playlists], key=natural_place))

    @cached_property
    def folders(self) -> frozenset[str]:
        """All folders that hold an asset or a bad file, directly or below."""
        keys = [*self._found, *self.bad_files, *(f"{a.folder}/" for a in self.all_assets)]
        parents = {key.rpartition("/")[0] for key in keys}
        return frozenset(
            "/".join(parts[:depth])
            for parts in (parent.split("/") for parent in parents if parent)
            for depth in range(1, len(parts) + 1)
        )

    @cached_property
    def bad_files(self) -> dict[str, BadFile]:
        """The files that cannot be shared, by key."""
        return self._scanned[1]

    @cached_property
    def _scanned(self) -> tuple[dict[str, Found], dict[str, BadFile]]:
        found, bad = scan(self.root)
        check_library(self.description, {*found, *bad})
        return found, bad

    @property
    def _found(self) -> dict[str, Found]:
        return self._scanned[0]

    @cached_property
    def _by_id(self) -> dict[str, DamAsset]:
        by_path = {a.files[0].source_key: a for a in self.all_assets if a.kind_hint == "file"}
        return {**by_path, **{asset.id: asset for asset in self.all_assets}}

    def _find_id(self, asset_id: str) -> str:
        tidy = tidy_path(asset_id)
        asset = self._by_id.get(tidy)
        return asset.id if asset else tidy

    @cached_property
    def _spin_frames(self) -> dict[str, tuple[str, ...]]:
        named = {i: self._frames(spin) for i, spin in self.description.spins.items()}
        taken = {key for frames in named.values() for key in frames}
        found = find_spins(key for key in self._found if key not in taken)
        return {**named, **found}

    @cached_property
    def _subtitles(self) -> dict[str, tuple[tuple[str, str], ...]]:
        # Whoever describes subtitles in library.yaml wants them to be an asset.
        described = self.description.assets
        found = find_subtitles(self._found)
        return {
            film: tuple(one for one in beside if one[0] not in described)
            for film, beside in found.items()
        }

    def _frames(self, spin: SpinEntry) -> tuple[str, ...]:
        if spin.frames:
            return tuple(key for key in spin.frames if key in self._found)
        members = [key for key in self._found if key.rpartition("/")[0] == spin.folder]
        return order_frames(members) or tuple(sorted(members, key=natural))

    @staticmethod
    def _hint(word: str, known: list[str]) -> str:
        close = get_close_matches(word, known, n=1)
        return f": did you mean {close[0]!r}?" if close else ": see `vitrine library list`"


def _lies_within(asset: DamAsset, folder: str) -> bool:
    if is_within(asset.folder, folder):
        return True
    # The folder that holds the frames of a set holds the set.
    is_spin = asset.kind_hint == "spin"
    return is_spin and all(is_within(file.source_key, folder) for file in asset.files)
