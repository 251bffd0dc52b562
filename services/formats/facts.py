"""What one look into an original found: its true size, its length, what it says of itself."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Facts:
    """What an original is, apart from its bytes; 0 and empty mean that there is no such thing.

    `width` and `height` are those of the upright picture or film, in pixels. `frames` counts those
    of an animation. `has_picture` is true of a sound with a cover and a film with a picture.
    `copyright`, `creator`, `title` and `description` are what the file's own metadata says (IPTC,
    XMP, EXIF, ID3, MP4).
    """

    width: int = 0
    height: int = 0
    duration_ms: int = 0
    pages: int = 0
    frames: int = 0
    has_picture: bool = False
    has_sound: bool = False
    has_text: bool = False
    is_panorama: bool = False
    copyright: str = ""
    creator: str = ""
    title: str = ""
    description: str = ""

    def write(self) -> dict[str, Any]:
        """Write the facts as JSON values, without what is 0 or empty."""
        return {name: value for name, value in asdict(self).items() if value}

    @classmethod
    def read(cls, fields: Mapping[str, Any]) -> "Facts":
        """Read facts from their JSON values; what an older version does not know is not there."""
        return cls(**fields)
