"""Make assets of a library's files, with what its description says of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from services.dam.library_rights import find_window, read_classified
from services.dam.library_yaml import (
    AssetEntry,
    LibraryYaml,
    RightsEntry,
    SpinEntry,
    tidy_path,
)
from services.dam.protocol import DamAsset, DamFile, RightsWindow
from services.dam.scanning import Found

#: Subtitles beside a film, each as source key and language.
Subtitles = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class AssetMaker:
    """Makes assets under one description."""

    description: LibraryYaml

    def make_plain(self, found: Found, subtitles: Subtitles) -> DamAsset:
        """Make the asset of one file, with the subtitles that lie beside it."""
        entry = self.description.assets.get(found.source_key, AssetEntry())
        folder, _, name = found.source_key.rpartition("/")
        beside = (
            DamFile(key, key.rpartition("/")[2], role="subtitles", language=language)
            for key, language in subtitles
        )
        return DamAsset(
            id=entry.id or found.source_key,
            kind_hint="file",
            title=entry.title or Path(name).stem,
            description=entry.description,
            classified=read_classified(entry),
            folder=folder,
            files=(DamFile(found.source_key, name), *beside),
            rights=find_window(iter([entry.rights])),
        )

    def make_spin(self, spin_id: str, frames: Sequence[str]) -> DamAsset:
        """Make a 360° set of its frames in order."""
        entry = self.description.spins.get(spin_id, SpinEntry())
        place, _, name = frames[0].rpartition("/")[0].rpartition("/")
        files = tuple(DamFile(key, key.rpartition("/")[2], is_frame=True) for key in frames)
        return DamAsset(
            spin_id,
            "spin",
            entry.title or name,
            entry.description,
            read_classified(entry),
            place,
            files,
            self._window(entry.rights, files),
        )

    def make_playlist(self, playlist_id: str, assets: Mapping[str, DamAsset]) -> DamAsset:
        """Make a playlist of those of its entries that are among these assets."""
        entry = self.description.playlists[playlist_id]
        members = [assets[one] for one in map(tidy_path, entry.entries) if one in assets]
        files = tuple(
            replace(file, title=member.title, entry=number)
            for number, member in enumerate(members, 1)
            for file in member.files
        )
        return DamAsset(
            playlist_id,
            "playlist",
            entry.title or playlist_id,
            entry.description,
            read_classified(entry),
            entry.folder,
            files,
            self._window(entry.rights, files),
        )

    def _window(self, own: RightsEntry, files: Sequence[DamFile]) -> RightsWindow:
        entries = (self.description.assets.get(file.source_key, AssetEntry()) for file in files)
        return find_window(chain([own], (entry.rights for entry in entries)))
