"""Static files under names that hold a digest of their content: cached for ever, never stale."""

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from page_builder.palette import make_palette, write_theme

#: Bumped by hand when the same colour should give other rules: browsers keep them for a year.
_THEME_VERSION = "t1"
_THEME_NAME = re.compile(rf"{_THEME_VERSION}-([0-9a-f]{{6}})\.css")
_MEDIA_TYPES = {"css": "text/css; charset=utf-8", "svg": "image/svg+xml"}


@dataclass(frozen=True)
class StaticFile:
    """A file that every page may load."""

    name: str
    media_type: str
    content: bytes


@lru_cache(maxsize=1)
def static_files() -> dict[str, StaticFile]:
    """Give all static files by the names under which they are served."""
    found = (_read(one) for one in (*_style_sheets(), _icon()))
    return {one.name: one for one in found}


def style_href() -> str:
    """Give the address of the style sheet."""
    return _find_href(".css")


def icon_href() -> str:
    """Give the address of the icon that stands in a browser's tab."""
    return _find_href(".svg")


def theme_href(accent: str) -> str:
    """Give the address of the style sheet of a brand's colour (`#rrggbb`)."""
    return f"/brand/{_THEME_VERSION}-{accent[1:]}.css"


def write_theme_file(name: str) -> StaticFile | None:
    """Write the style sheet that `theme_href` names; anything else is none."""
    found = _THEME_NAME.fullmatch(name)
    if found is None:
        return None
    content = write_theme(make_palette(f"#{found[1]}"))
    return StaticFile(name, _MEDIA_TYPES["css"], content)


def _find_href(ending: str) -> str:
    return f"/static/{next(name for name in static_files() if name.endswith(ending))}"


def _icon() -> tuple[str, bytes]:
    return ("icon.svg", (files("page_builder") / "static" / "icon.svg").read_bytes())


def _style_sheets() -> list[tuple[str, bytes]]:
    folder = files("page_builder") / "static"
    parts = ("tokens.css", "frame.css", "wall.css", "asset.css", "formats.css", "print.css")
    ratios = "".join(f".r{n}{{--r:{n / 100:g}}}" for n in range(70, 305, 5))
    style = b"".join((folder / part).read_bytes() for part in parts)
    return [("share.css", style + ratios.encode())]


def _read(item: tuple[str, bytes]) -> StaticFile:
    name, content = item
    stem, _, ending = name.rpartition(".")
    digest = hashlib.sha256(content).hexdigest()[:12]
    return StaticFile(f"{stem}.{digest}.{ending}", _MEDIA_TYPES[ending], content)
