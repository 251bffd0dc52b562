"""What a file is called by its content: the ending that is true of it."""

from itertools import chain

#: Endings of what renditions are, by media type.
ENDINGS = {
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "image/avif": "avif",
    "image/png": "png",
    "image/tiff": "tif",
    "video/mp4": "mp4",
    "video/webm": "webm",
    "audio/mp4": "m4a",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/flac": "flac",
    "audio/wav": "wav",
    "text/plain": "txt",
    "text/vtt": "vtt",
    "application/octet-stream": "bin",
}

#: Every ending that is true of a media type, the usual one first.
_TRUE_ENDINGS = {
    "image/jpeg": ("jpg", "jpeg", "jpe", "jfif"),
    "image/png": ("png", "apng"),
    "image/gif": ("gif",),
    "image/webp": ("webp",),
    "image/avif": ("avif", "avifs"),
    "image/heic": ("heic", "heif", "hif"),
    "image/tiff": ("tif", "tiff"),
    "image/bmp": ("bmp", "dib"),
    "image/svg+xml": ("svg",),
    "video/mp4": ("mp4", "m4v"),
    "video/quicktime": ("mov", "qt"),
    "video/webm": ("webm",),
    "audio/mp4": ("m4a", "m4b"),
    "audio/mpeg": ("mp3",),
    "audio/flac": ("flac",),
    "application/pdf": ("pdf",),
}
_KNOWN = frozenset(chain.from_iterable(_TRUE_ENDINGS.values()))


def correct_ending(ending: str, media_type: str) -> str:
    """Give the ending that a file must have: its own, unless that is known to name something else."""
    true = _TRUE_ENDINGS.get(media_type, ())
    lower = ending.lower()
    if not true or lower in true or (ending and lower not in _KNOWN):
        return ending
    return true[0]
