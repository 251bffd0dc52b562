"""What a file is called by its content: the ending that is true of it."""

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
