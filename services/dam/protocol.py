"""What Vitrine asks of a DAM, whichever it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol


@dataclass(frozen=True)
class DamUser:
    """Somebody who may share; `may_share` lists folders, `/` is all of them.

    `manages` names the classifications whose tags and metadata the user may show to others.
    """

    id: str
    name: str
    email: str
    may_share: tuple[str, ...]
    manages: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Contact:
    """Somebody who can be invited."""

    address: str
    name: str


@dataclass(frozen=True)
class Context:
    """A label for what a share is for; `title` is what people call it."""

    name: str
    title: str


@dataclass(frozen=True)
class DamFile:
    """One original; `source_key` finds it in the DAM, `title` is that of the entry it stands for.

    `entry` counts the entries of a playlist from 1, 0 elsewhere; `is_frame` tells the frames of a
    360° set. Subtitles lie beside a film and belong to it; `language` is a tag (BCP 47) or empty.
    """

    source_key: str
    file_name: str
    title: str = ""
    entry: int = 0
    is_frame: bool = False
    role: Literal["original", "subtitles"] = "original"
    language: str = ""


@dataclass(frozen=True)
class Classified:
    """What one classification says of an asset: tags, and fields with their values."""

    classification: str
    tags: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class RightsWindow:
    """From when to when an asset may be used; none: without that end. `ends_at` is closed."""

    begins_at: datetime | None = None
    ends_at: datetime | None = None

    def is_open(self, now: datetime) -> bool:
        """Whether the asset may be used at `now`."""
        has_begun = self.begins_at is None or self.begins_at <= now
        return has_begun and (self.ends_at is None or now < self.ends_at)


@dataclass(frozen=True)
class SharedThing:
    """What a share says of one of its assets, when the DAM is asked whether it may go on."""

    asset_id: str
    source_keys: tuple[str, ...]


@dataclass(frozen=True)
class DamAsset:
    """One asset: a plain one has one file, a 360° set its frames, a playlist its entries' files.

    `rights` is the narrowest window of all its parts.
    """

    id: str
    kind_hint: Literal["file", "spin", "playlist"]
    title: str
    description: str
    classified: tuple[Classified, ...]
    folder: str
    files: tuple[DamFile, ...]
    rights: RightsWindow = RightsWindow()


@dataclass(frozen=True)
class BadFile:
    """A file that cannot be shared, and why."""

    source_key: str
    reason: str


@dataclass(frozen=True)
class FolderContents:
    """What a folder and its sub-folders hold."""

    assets: tuple[DamAsset, ...]
    bad_files: tuple[BadFile, ...]


class Dam(Protocol):
    """A digital asset management system, as narrow as our need."""

    def user(self, user_id: str) -> DamUser:
        """Find a user, or raise `UnknownOwner`."""
        ...

    def assets(self, ids: Sequence[str]) -> tuple[DamAsset, ...]:
        """Find assets in the order given, each once, or raise `UnknownAsset` with all unknown ids.

        Raises `UnusableOriginal` for assets whose file can be seen to be bad.
        """
        ...

    def folder(self, path: str) -> FolderContents:
        """List a folder with its sub-folders, or raise `UnknownFolder`; `/` is everything."""
        ...

    def refused_assets(self, user: DamUser, assets: Sequence[DamAsset]) -> tuple[DamAsset, ...]:
        """List those of the assets that this user may not share."""
        ...

    def version(self) -> str:
        """Name the state of users, rights and windows; empty: this DAM cannot say that it changed."""
        ...

    def lost_assets(
        self, user_id: str, things: Mapping[int, SharedThing], *, now: datetime
    ) -> frozenset[int]:
        """List the positions of what this user may share no longer, or nobody may use at `now`."""
        ...

    def contacts(self, list_name: str) -> tuple[Contact, ...]:
        """Read a contact list, or raise `UnknownRecipients`."""
        ...

    def contexts(self) -> tuple[Context, ...]:
        """List the contexts that a share can have."""
        ...

    def reach(self, source_key: str) -> str:
        """Say where an original lies if nobody moved it, never out of the DAM; "" if it cannot be.

        The short way, for whoever opens thousands and looks at what was opened.
        """
        ...

    def locate(self, source_key: str) -> Path:
        """Say where an original lies; the path never leads out of the DAM."""
        ...
