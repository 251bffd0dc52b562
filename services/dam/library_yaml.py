"""library.yaml: what a directory tree cannot say of itself. Unknown keys are mistakes, not noise."""

import unicodedata
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import yaml
from email_validator import EmailNotValidError, validate_email
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from services.errors import LibraryInvalid

FILE_NAME = "library.yaml"


def tidy_path(text: str) -> str:
    """Write a path inside the library in one way: NFC, `/` between, none around."""
    return unicodedata.normalize("NFC", text).strip("/")


def _check_address(text: str) -> str:
    try:
        validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValueError(f"{text!r} is no e-mail address: {error}") from error
    return text


_Path = Annotated[str, AfterValidator(tidy_path)]
_ContextName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._ -]{0,99}$")]
_Address = Annotated[str, AfterValidator(_check_address)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class UserEntry(_Strict):
    """A user; `may_share` lists folders, with their sub-folders."""

    name: str = ""
    email: str = ""
    may_share: tuple[_Path, ...] = ()


class ContactEntry(_Strict):
    """Somebody on a contact list."""

    address: _Address
    name: str = ""


class ClassificationEntry(_Strict):
    """A classification, and the users who may show what it says of assets to others."""

    managed_by: tuple[str, ...] = ()


class RightsEntry(_Strict):
    """From and until which day (its end counts, in UTC) an asset may be used."""

    begins_on: date | None = None
    ends_on: date | None = None


#: Under a classification: tags, or fields with their values.
_Details = tuple[str, ...] | dict[str, str]


class _Described(_Strict):
    title: str = ""
    description: str = ""
    classified: dict[str, _Details] = {}
    rights: RightsEntry = RightsEntry()


class AssetEntry(_Described):
    """What the DAM knows of a file."""

    id: str = ""
    links: tuple[str, ...] = ()


class SpinEntry(_Described):
    """A 360° set: all pictures of a folder, or the frames in order."""

    folder: _Path = ""
    frames: tuple[_Path, ...] = ()


class PlaylistEntry(_Described):
    """An ordered list of assets, listed in `folder`."""

    folder: _Path = ""
    entries: tuple[str, ...] = Field(min_length=1)


class LibraryYaml(_Strict):
    """The whole description."""

    users: dict[str, UserEntry] = {}
    classifications: dict[str, ClassificationEntry] = {}
    contacts: dict[str, tuple[ContactEntry, ...]] = {}
    #: What shares can be for: a short name, and what people call it.
    contexts: dict[_ContextName, str] = {}
    assets: dict[_Path, AssetEntry] = {}
    spins: dict[str, SpinEntry] = {}
    playlists: dict[str, PlaylistEntry] = {}


def describe_state(root: Path) -> str:
    """Name the state of a library's description by all that the file system says of it."""
    try:
        status = (root / FILE_NAME).stat()
    except FileNotFoundError:
        return "none"
    return f"{status.st_mtime_ns}-{status.st_ctime_ns}-{status.st_size}-{status.st_ino}"


def read_library_yaml(root: Path) -> LibraryYaml:
    """Read the description of a library; a tree without one has one owner with all rights.

    Raises:
        LibraryInvalid: naming every mistake with its place.
    """
    file = root / FILE_NAME
    if not file.exists():
        everything = UserEntry(name="Owner", may_share=("",))
        return LibraryYaml(users={"owner": everything})
    try:
        content: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
        return LibraryYaml.model_validate(content or {})
    except yaml.YAMLError as error:
        raise LibraryInvalid(f"{FILE_NAME} is no YAML: {error}") from error
    except ValidationError as error:
        mistakes = "; ".join(
            f"{' > '.join(str(step) for step in one['loc'])}: {one['msg']}"
            for one in error.errors()
        )
        raise LibraryInvalid(f"{FILE_NAME} has mistakes: {mistakes}") from error
