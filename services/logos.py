"""Logos: uploaded, never fetched; drawn anew in a guarded process, so that no foreign byte is served."""

import hashlib
import re
import tempfile
from pathlib import Path

from services.errors import LogoUnusable, ShareNotFound
from services.formats.recipes import PictureRecipe
from services.installation import Installation
from services.originals import HEAD_BYTES
from services.rendering.orders import RenderOrder, WantedOutput
from services.rendering.pool import RenderPool
from services.sniffing import is_picture, sniff

LARGEST_BYTES = 2_000_000
#: Three times the 12 rem that a page gives it, for the densest screens.
_RECIPE = PictureRecipe(576, 576, "webp", 92)
_NAME = re.compile(r"[0-9a-f]{32}-(\d{1,4})x(\d{1,4})\.webp")


def keep_logo(installation: Installation, content: bytes) -> str:
    """Draw a logo (a picture or an SVG) as a picture of its own, and return its name.

    Raises:
        LogoUnusable: it is too large, or no picture that can be read.
    """
    if len(content) > LARGEST_BYTES:
        raise LogoUnusable(f"a logo has at most {LARGEST_BYTES:,} bytes, this has {len(content):,}")
    media_type = sniff(content[:HEAD_BYTES]).media_type
    if not is_picture(media_type):
        raise LogoUnusable("the logo cannot be used: the file is no picture that can be read")
    with tempfile.TemporaryDirectory(prefix="logo-") as folder:
        original, drawn = Path(folder) / "original", Path(folder) / "drawn"
        original.write_bytes(content)
        status = original.stat()
        order = RenderOrder(
            "logo",
            str(original),
            status.st_size,
            status.st_mtime_ns,
            media_type,
            (WantedOutput("logo", _RECIPE, str(drawn)),),
        )
        settings = installation.settings
        pool = RenderPool(
            processes=1, seconds=settings.render_seconds, memory_mb=settings.render_memory_mb
        )
        try:
            (outcome,) = pool.render([order])
        finally:
            pool.close()
        if outcome.failure:
            raise LogoUnusable(f"the logo cannot be used: {outcome.failure.message}")
        picture = drawn.read_bytes()
    (file,) = outcome.files
    name = f"{hashlib.sha256(picture).hexdigest()[:32]}-{file.width}x{file.height}.webp"
    installation.store.put(logo_key(name), picture)
    return name


def read_logo(installation: Installation, name: str) -> bytes:
    """Read a logo by its name.

    Raises:
        ShareNotFound: there is none.
    """
    try:
        read_size(name)
        return installation.store.get(logo_key(name))
    except (ValueError, FileNotFoundError) as error:
        raise ShareNotFound from error


def logo_key(name: str) -> str:
    """Say where a logo lies in the store."""
    return f"brand/{name}"


def read_size(name: str) -> tuple[int, int]:
    """Read a logo's size in pixels from its name.

    Raises:
        ValueError: this is no logo's name.
    """
    found = _NAME.fullmatch(name)
    if found is None:
        raise ValueError(name)
    return int(found[1]), int(found[2])
