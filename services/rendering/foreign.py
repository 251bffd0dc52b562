"""Read pictures that libvips does not: other libraries turn them into pixels, and do nothing else.

Each type is tried by its own reader only, and its header is checked before a pixel is decoded.
"""

from importlib import import_module

import pyvips

from services.rendering.orders import NO_ROOM
from services.rendering.original import OpenOriginal, RenderFailed, explain_disk

#: Who reads which type; loaded when the first such picture comes.
_READERS = {
    **dict.fromkeys(("image/bmp", "image/x-icon", "image/x-tga"), "pillow_files"),
    **dict.fromkeys(("image/vnd.ms-dds", "image/jp2"), "pillow_files"),
    "image/heic": "heic",
    "image/jxl": "jpeg_xl",
    "image/vnd.adobe.photoshop": "photoshop",
    "image/x-raw": "camera_raw",
}
#: Of what libraries say, in small letters; the first that is found decides.
_SAYINGS = (
    ("security limit", "too_large"),
    ("decompression bomb", "too_large"),
    ("decompressionbomb", "too_large"),
    ("memory allocation", "memory"),
    ("out of memory", "memory"),
    ("unable to allocate", "memory"),
    ("unsupported", "unsupported"),
    ("not supported", "unsupported"),
    ("notimplemented", "unsupported"),
)
_SENTENCES = {
    "too_large": "The picture is too large",
    "memory": "The picture needs more memory than is allowed",
    "unsupported": "The picture is of a kind that cannot be read",
    "damaged": "The picture is damaged and cannot be read to its end",
    "unreadable": "The original cannot be read",
    NO_ROOM: "There is no room left on the disk",
}


def read_foreign(original: OpenOriginal) -> pyvips.Image:
    """Read a picture into memory, with 8 bits a band: grey, sRGB or CMYK, with or without alpha.

    Its profile is attached, and its orientation unless the reader has applied it.

    Raises:
        RenderFailed: unsupported, too_large, damaged, memory or unreadable.
    """
    name = _READERS.get(original.media_type)
    if name is None:
        raise RenderFailed("unsupported", _SENTENCES["unsupported"])
    try:
        return import_module(f"services.rendering.{name}").read(original)
    except RenderFailed:
        raise
    except Exception as error:  # a reader of hostile files raises anything at all
        code = _find_code(error)
        raise RenderFailed(code, _SENTENCES[code]) from error


def _find_code(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "memory"
    if isinstance(error, OSError) and error.errno:
        return explain_disk(error).failure.code
    text = f"{type(error).__name__} {error}".lower()
    return next((code for saying, code in _SAYINGS if saying in text), "damaged")
