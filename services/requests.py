"""What an owner asks for: the run form in Prefect's UI and the JSON of the DAM backend alike.

No field is a union with none, because the form shows such a field as two buttons; an empty value
means "not asked for". A request never carries an address, a password or a link: parameters of flow
runs are readable by everybody who can open Prefect.
"""

import hashlib
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.expiry import EXPIRY_PATTERN
from services.formats.catalogue import NAME_PATTERN

MOST_PICKED = 100
#: Written instead of a password's id, it stands for no password.
NO_PASSWORD = "none"  # noqa: S105
#: What the desk gives out, in the one way in which it writes it.
UUID_PATTERN = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
MOST_IN_FOLDER = 10_000

AssetId = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
FormatName = Annotated[str, StringConstraints(pattern=f"^{NAME_PATTERN}$")]
ListName = Annotated[str, StringConstraints(min_length=1, max_length=200)]


def number_fields(schema: dict[str, Any]) -> None:
    """Tell the form in which order the fields stand: Prefect's database does not keep it."""
    for position, field in enumerate(schema["properties"].values()):
        field["position"] = position


class ShareRequest(BaseModel):
    """A share to be published: either picked assets, or one folder."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra=number_fields)

    owner: str = Field(
        title="Owner",
        description="The DAM's id of the user who shares, for example: anna",
        min_length=1,
        max_length=200,
    )
    title: str = Field(
        title="Title",
        description="Stands large on the page and in the letter.",
        min_length=1,
        max_length=200,
        pattern=r"\S",
    )
    asset_ids: list[AssetId] = Field(
        default=[],
        title="Assets",
        description="1 to 100 assets by their ids, from any folders. Leave empty to share a folder.",
        max_length=MOST_PICKED,
    )
    folder: str = Field(
        default="",
        title="Folder",
        description="One folder with its sub-folders, up to 10,000 assets; / is the whole library."
        " Leave empty to share picked assets.",
        max_length=1000,
    )
    like: str = Field(
        default="",
        title="Like",
        description="A share of the same owner, by its id or request key: what is left as it is here"
        " is taken from there, apart from the title and an invitation. Assets that were withdrawn"
        " from it stay out.",
        max_length=200,
    )
    message: str = Field(
        default="",
        title="Message",
        description="A few sentences to the recipients, shown under the title and in the letter.",
        max_length=4000,
    )
    expires_on: str = Field(
        default="never",
        title="Available until",
        description="A day (2026-12-31, its end counts), a time (2026-12-31T18:00), a period from"
        " now on (8 hours, 14 days, 3 months), or never.",
        pattern=rf"^({EXPIRY_PATTERN})$",
    )
    zone: str = Field(
        default="UTC",
        title="Time zone",
        description="The zone of that day or time, for example: Europe/Rome",
        min_length=1,
        max_length=64,
    )
    context: str = Field(
        default="",
        title="Context",
        description="What the share is for: one of the contexts that the DAM defines, or empty."
        " `vitrine library list` shows them.",
        max_length=100,
    )
    is_downloadable: bool = Field(
        default=True,
        title="Allow downloads",
        description="Off: recipients look at the page, and take nothing from it.",
    )
    visibility: Literal["minimum", "complete"] = Field(
        default="minimum",
        title="Visibility",
        description="minimum: title and description. complete: also tags and metadata, of the"
        " classifications that the owner manages.",
    )
    formats: list[FormatName] = Field(
        default=[],
        title="Formats",
        description="What can be downloaded: original and names of the catalogue (web, large, film,"
        " sound, square, print, …). Empty: the original and all default formats.",
        max_length=20,
    )
    originals: Literal["as_they_are", "without_metadata"] = Field(
        default="as_they_are",
        title="Originals",
        description="without_metadata: originals leave without place, camera and the like, their"
        " pictures untouched; those from which it cannot be taken are not offered.",
    )
    file_names: Literal["original", "title"] = Field(
        default="original",
        title="File names",
        description="original: files are called as the originals are. title: as the DAM calls the"
        " assets.",
    )
    folders: Literal["kept", "flat"] = Field(
        default="kept",
        title="Folders",
        description="Whether zips of a shared folder have its sub-folders.",
    )
    contact_lists: list[ListName] = Field(
        default=[],
        title="Contact lists",
        description="The DAM's contact lists: each person on them gets a letter with a link.",
        max_length=50,
    )
    invitation: str = Field(
        default="",
        title="Invitation",
        description="The id that the desk gave for a list of addresses.",
        pattern=rf"^({UUID_PATTERN})?$",
    )
    password: str = Field(
        default="",
        title="Password",
        description="The id that the desk gave for a password, never the password itself."
        " Empty: none is asked for, or that of the share in Like; none: none in any case.",
        pattern=rf"^(none|{UUID_PATTERN})?$",
    )
    password_block: str = Field(
        default="",
        title="Password block",
        description="Instead of that id: the name of a Prefect Secret block that holds the password."
        " The block is deleted once its hash is kept.",
        max_length=100,
        pattern=r"^[a-z0-9-]*$",
    )
    terms: str = Field(
        default="",
        title="Terms",
        description="The id that the desk gave for terms of use; they must be accepted before"
        " anything is shown. Empty: none.",
        pattern=r"^([0-9a-f]{64})?$",
    )
    on_failed_rendition: Literal["open_without", "stay_closed"] = Field(
        default="open_without",
        title="When a rendition fails",
        description="A damaged photograph: open_without it, with its original alone, or stay_closed.",
    )
    request_key: str = Field(
        default="",
        title="Request key",
        description="Sending the same key again returns the same share. Empty: the flow run's id.",
        max_length=200,
        pattern=r"^[A-Za-z0-9._:-]*$",
    )

    def digest(self) -> bytes:
        """Sum up what is asked for, apart from the key under which it is asked.

        What is as if not given is left out: a later version with more fields finds the same.
        """
        asked = self.model_dump_json(exclude={"request_key"}, exclude_defaults=True)
        return hashlib.sha256(asked.encode()).digest()
