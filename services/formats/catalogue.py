"""The formats on offer: those of the pages are fixed here, those to take are kept in the database."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.format import Format as FormatRow
from services.formats.recipes import (
    FilmRecipe,
    MotionRecipe,
    PeaksRecipe,
    PictureRecipe,
    Recipe,
    SoundRecipe,
    StoryboardRecipe,
    SubtitlesRecipe,
    TextRecipe,
    read_recipe,
)


@dataclass(frozen=True)
class Format:
    """A named recipe; the original is a format without one."""

    name: str
    label: str
    recipe: Recipe


#: How the name of a format is spelt, as a regular expression for all of it.
NAME_PATTERN = "[a-z0-9][a-z0-9-]{0,39}"
#: The name under which the file of the asset itself is offered.
ORIGINAL = "original"
#: So many pages of a document are shown; the rest is in the original.
MOST_PAGES = 20

THUMBNAIL = Format("thumbnail", "Thumbnail", PictureRecipe(640, 640, "webp", 78))
VIEW = Format("view", "View", PictureRecipe(1600, 1600, "jpeg", 82))
FRAME = Format("frame", "Frame", PictureRecipe(1280, 1280, "webp", 80))
MOVING = Format("moving", "Moving picture", MotionRecipe(640, 640))
STORYBOARD = Format("storyboard", "Storyboard", StoryboardRecipe())
#: What plays on a page: a film or a sound.
PLAYER = "player"
PLAY_FILM = Format(PLAYER, "Film", FilmRecipe(1080))
PLAY_SOUND = Format(PLAYER, "Sound", SoundRecipe("aac", 160))
PEAKS = Format("peaks", "Outline", PeaksRecipe())
TEXT = Format("text", "Text", TextRecipe())
SUBTITLES = Format("subtitles", "Subtitles", SubtitlesRecipe())
PAGES = tuple(
    Format(f"page-{number}", f"Page {number}", PictureRecipe(1280, 1280, "webp", page=number))
    for number in range(1, MOST_PAGES + 1)
)

#: What pages show, whatever may be taken: never with metadata, the same for every share.
INLINE = frozenset(
    one.name
    for one in (
        *(THUMBNAIL, VIEW, FRAME, MOVING, STORYBOARD, PLAY_FILM, PLAY_SOUND, PEAKS, TEXT),
        *(SUBTITLES, *PAGES),
    )
)


def read_catalogue(session: Session) -> dict[str, Format]:
    """Read all formats that can be taken, in the order in which they are offered."""
    rows = session.scalars(select(FormatRow).order_by(FormatRow.position, FormatRow.name))
    return {row.name: Format(row.name, row.label, read_recipe(row.recipe)) for row in rows}


def list_default_formats(session: Session) -> list[str]:
    """Name what a share offers whose owner names nothing: the original and the default formats."""
    rows = session.scalars(
        select(FormatRow.name).where(FormatRow.is_default).order_by(FormatRow.position)
    )
    return [ORIGINAL, *rows]
