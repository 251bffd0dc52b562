"""Make all renditions of one original from one decoding of it. Runs in a guarded process only.

The largest is made first and the others from it. What a file claims of itself is checked before a
pixel is read: a picture of a few hundred bytes can ask for gigabytes.
"""

import hashlib
import os
import stat
from pathlib import Path
from typing import Any

import pyvips
from isal import isal_zlib

from services.formats import Recipe
from services.rendering.orders import RenderedFile, RenderOrder, RenderOutcome, WantedOutput

_MEGAPIXEL = 1_000_000
#: Loaders that stream need little memory for many pixels; all others hold the whole picture.
_MOST_PIXELS_STREAMED = 500 * _MEGAPIXEL
_MOST_PIXELS = 120 * _MEGAPIXEL
_STREAMING = frozenset({"jpegload", "pngload", "tiffload"})
_LONGEST_EDGE = 65_535
_LARGEST_SVG_BYTES = 10_000_000
_LOADERS = ("Jpeg", "Png", "Webp", "Tiff", "Heif", "Nsgif", "Svg")
_SIDEWAYS = range(5, 9)  # the EXIF orientations that swap width and height


class RenderFailed(Exception):
    """An original cannot be rendered: a code and a sentence."""

    def __init__(self, failure: str, message: str) -> None:
        super().__init__(message)
        self.failure = failure
        self.message = message


def block_loaders() -> None:
    """Allow only loaders that are made for hostile input, and keep nothing between pictures."""
    pyvips.operation_block_set("VipsForeignLoad", True)
    for name in _LOADERS:
        pyvips.operation_block_set(f"VipsForeignLoad{name}", False)
    pyvips.cache_set_max(0)


def render(order: RenderOrder) -> RenderOutcome:
    """Make everything that an order asks for.

    Raises:
        RenderFailed: the original cannot be rendered; nothing that was written counts.
    """
    descriptor = _open_original(order)
    try:
        head = _open_header(_name_descriptor(descriptor, order))
        width, height = _upright_size(head)
        files = _write_outputs(_decode(descriptor, head, order), order)
        _check_unchanged(descriptor, order)
    except pyvips.Error as error:
        raise _explain(error) from error
    finally:
        os.close(descriptor)
    return RenderOutcome(order, files, width, height)


def _open_original(order: RenderOrder) -> int:
    try:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        descriptor = os.open(order.path, flags)
    except OSError as error:
        raise RenderFailed(
            "unreadable", f"The original cannot be read: {error.strerror}"
        ) from error
    _check_unchanged(descriptor, order)
    return descriptor


def _check_unchanged(descriptor: int, order: RenderOrder) -> None:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise RenderFailed("unreadable", "The original is no regular file")
    if (status.st_size, status.st_mtime_ns) != (order.size_bytes, order.mtime_ns):
        raise RenderFailed("changed", "The original changed after it was shared")


def _name_descriptor(descriptor: int, order: RenderOrder) -> str:
    """Name the very file that was opened and checked, whatever stands under its path by now.

    Not as a stream: reading from one, libvips takes a picture that was cut off for a whole one.
    """
    if Path("/proc/self/fd").exists():
        return f"/proc/self/fd/{descriptor}"
    return order.path


def _open_header(path: str) -> Any:
    head = pyvips.Image.new_from_file(path, access="sequential", fail_on="truncated")
    _check_limits(head)
    return head


def _check_limits(head: Any) -> None:
    loader = str(head.get("vips-loader")).split("_")[0]
    if loader == "svgload":
        return
    holds_all = _has(head, "jpeg-multiscan") or _has(head, "interlaced")
    streams = loader in _STREAMING and not holds_all
    limit = _MOST_PIXELS_STREAMED if streams else _MOST_PIXELS
    if head.width * head.height > limit or max(head.width, head.height) > _LONGEST_EDGE:
        raise RenderFailed("too_large", f"{head.width} × {head.height} pixels are too many")


def _has(head: Any, name: str) -> bool:
    return bool(head.get_typeof(name) and head.get(name))


def _upright_size(head: Any) -> tuple[int, int]:
    sideways = head.get_typeof("orientation") and head.get("orientation") in _SIDEWAYS
    return (head.height, head.width) if sideways else (head.width, head.height)


def _decode(descriptor: int, head: Any, order: RenderOrder) -> Any:
    """Read the original at the largest size that is wanted: upright, sRGB or grey, 8 bits."""
    box = max(output.recipe.box for output in order.outputs)
    options: dict[str, Any] = {"height": box, "size": "down", "fail_on": "truncated"}
    if head.get_typeof("icc-profile-data"):
        # Only where there is a profile: a conversion of untagged pixels changes what was right.
        options["output_profile"] = "srgb"
    if str(head.get("vips-loader")).startswith("svgload"):
        options["size"] = "both" if order.may_enlarge else "down"
        return pyvips.Image.thumbnail_buffer(_read_svg(descriptor, order), box, **options)
    return pyvips.Image.thumbnail(_name_descriptor(descriptor, order), box, **options)


def _read_svg(descriptor: int, order: RenderOrder) -> bytes:
    """Read a drawing into memory: loaded from a file it could draw its neighbours too."""
    if order.size_bytes > _LARGEST_SVG_BYTES:
        raise RenderFailed("too_large", "The drawing is larger than 10 MB")
    return os.pread(descriptor, order.size_bytes, 0)


def _write_outputs(image: Any, order: RenderOrder) -> tuple[RenderedFile, ...]:
    # In memory, because a picture that is read in sequence can be saved only once.
    image = image.copy_memory()
    files = []
    for output in sorted(order.outputs, key=lambda one: one.recipe.box, reverse=True):
        box = output.recipe.box
        if max(image.width, image.height) > box:
            image = image.thumbnail_image(box, height=box, size="down").copy_memory()
        _save(image, output.recipe, output.path)
        files.append(_describe(image, output))
    return tuple(files)


def _save(image: Any, recipe: Recipe, path: str) -> None:
    if recipe.encoder == "webp":
        image.webpsave(path, Q=recipe.quality, effort=2, keep="none")
        return
    if image.hasalpha():
        image = image.flatten(background=255)
    image.jpegsave(path, Q=recipe.quality, optimize_coding=True, interlace=True, keep="none")


def _describe(image: Any, output: WantedOutput) -> RenderedFile:
    content = Path(output.path).read_bytes()
    return RenderedFile(
        name=output.name,
        path=output.path,
        media_type=output.recipe.media_type,
        size_bytes=len(content),
        sha256=hashlib.sha256(content).digest(),
        crc32=isal_zlib.crc32(content),
        width=image.width,
        height=image.height,
    )


def _explain(error: Exception) -> RenderFailed:
    """Turn what libvips says into a code; its own words stay in the log of the process."""
    text = str(error).lower()
    if any(words in text for words in ("out of memory", "insufficient memory", "allocate")):
        return RenderFailed("memory", "The picture needs more memory than is allowed")
    if "not in a known format" in text or "not a known file format" in text:
        return RenderFailed("unsupported", "The file is no picture that can be read")
    return RenderFailed("damaged", "The picture is damaged and cannot be read to its end")
