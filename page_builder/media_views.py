"""Views of what can be seen and heard of one original, inside the page of its asset."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PictureView:
    """An inline picture with the size of its file in pixels."""

    src: str
    width: int
    height: int
    alt: str = ""


@dataclass(frozen=True)
class TrackView:
    """Subtitles of a film; `language` is a tag (BCP 47), `label` what a menu shows."""

    src: str
    language: str
    label: str


@dataclass(frozen=True)
class FilmView:
    """A film that plays; `scenes` shows it at equal distances in one picture."""

    src: str
    media_type: str
    poster: PictureView | None
    tracks: tuple[TrackView, ...] = ()
    scenes: PictureView | None = None


@dataclass(frozen=True)
class SoundView:
    """A sound that plays; `outline` is the path of its waveform in a box of 400 × 64."""

    src: str
    media_type: str
    outline: str
    cover: PictureView | None = None


@dataclass(frozen=True)
class MediaView:
    """Whatever there is of one original: at most one of film, sound and picture, pages, a text.

    `frames` are those of a 360° set, in order. `plate` stands for what cannot be shown.
    """

    plate: str
    picture: PictureView | None = None
    film: FilmView | None = None
    sound: SoundView | None = None
    pages: tuple[PictureView, ...] = ()
    page_count: int = 0
    frames: tuple[PictureView, ...] = ()
    text: str = ""

    def is_bare(self) -> bool:
        """Whether there is nothing to be seen but the plate."""
        return not (self.picture or self.film or self.pages or self.frames)


@dataclass(frozen=True)
class EntryView:
    """One entry of a playlist."""

    number: int
    title: str
    line: str
    media: MediaView
