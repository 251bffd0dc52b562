"""Open a picture and read its header: what it claims of itself is checked before a pixel is read."""

import mmap
from typing import Any

import pyvips

from services.formats.facts import Facts
from services.rendering.embedded import read_facts
from services.rendering.original import OpenOriginal, RenderFailed

_MEGAPIXEL = 1_000_000
#: Loaders that stream need little memory for many pixels; all others hold the whole picture.
_MOST_PIXELS_STREAMED = 500 * _MEGAPIXEL
_MOST_PIXELS = 120 * _MEGAPIXEL
_STREAMING = frozenset({"jpegload", "pngload", "tiffload"})
_LONGEST_EDGE = 65_535
_LARGEST_MAPPED_BYTES = 1 << 29
LARGEST_SVG_BYTES = 10_000_000
_LOADERS = ("Jpeg", "Png", "Webp", "Tiff", "Heif", "Nsgif", "Svg")
#: What the libvips of the wheel reads by itself; the rest is turned into pixels elsewhere.
NATIVE = frozenset(
    f"image/{name}" for name in ("jpeg", "png", "webp", "avif", "tiff", "gif", "svg+xml")
)
DRAWING = "image/svg+xml"


def block_loaders() -> None:
    """Allow only loaders that are made for hostile input, and keep nothing between pictures."""
    pyvips.operation_block_set("VipsForeignLoad", True)
    for name in _LOADERS:
        pyvips.operation_block_set(f"VipsForeignLoad{name}", False)
    pyvips.cache_set_max(0)


def read_head(original: OpenOriginal) -> Any:
    """Open an original as a pyvips image of which nothing is decoded yet, where that is possible.

    Raises:
        RenderFailed: it claims more pixels than are decoded, or cannot be read.
        pyvips.Error: libvips cannot open it.
    """
    if original.media_type not in NATIVE:
        # Loaded for the first such picture: most processes never see one.
        from services.rendering.foreign import read_foreign  # noqa: PLC0415

        return read_foreign(original)
    if original.media_type == DRAWING:
        # From memory: loaded from a file, a drawing could draw its neighbours too.
        return pyvips.Image.new_from_buffer(original.read(LARGEST_SVG_BYTES), "")
    head = pyvips.Image.new_from_file(original.path, access="sequential", fail_on="truncated")
    _check_limits(head)
    return head


def read_picture_facts(original: OpenOriginal, head: Any) -> Facts:
    """Read what a picture says of itself."""
    if original.media_type != "image/tiff" or original.size_bytes > _LARGEST_MAPPED_BYTES:
        return read_facts(head)
    # Mapped, not read: a directory may stand at the end of gigabytes.
    with mmap.mmap(original.descriptor, 0, prot=mmap.PROT_READ) as whole:
        return read_facts(head, whole)


def _check_limits(head: Any) -> None:
    loader = str(head.get("vips-loader")).split("_")[0]
    holds_all = _has(head, "jpeg-multiscan") or _has(head, "interlaced")
    streams = loader in _STREAMING and not holds_all
    limit = _MOST_PIXELS_STREAMED if streams else _MOST_PIXELS
    if head.width * head.height > limit or max(head.width, head.height) > _LONGEST_EDGE:
        raise RenderFailed("too_large", f"{head.width} × {head.height} pixels are too many")


def _has(head: Any, name: str) -> bool:
    return bool(head.get_typeof(name) and head.get(name))
