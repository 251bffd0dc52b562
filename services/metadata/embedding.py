"""Put a packet into the bytes of a rendition, as splices: nothing is copied, no pixel is touched."""

from collections.abc import Callable, Mapping

from services.bytesource import ByteSource
from services.metadata import (
    flac,
    gif,
    heif,
    id3,
    jpeg,
    movie,
    ogg,
    png,
    tiff,
    wav,
    webp,
)
from services.metadata.packet import Packet
from services.metadata.splices import MetadataUnsupported, Splice
from services.metadata.window import Window

Rewrite = Callable[[Window, Packet], tuple[Splice, ...]]

_OTHER_NAMES = {
    "audio/x-m4a": "audio/mp4",
    "audio/x-flac": "audio/flac",
    "audio/x-wav": "audio/wav",
    "audio/vnd.wave": "audio/wav",
    "audio/mp3": "audio/mpeg",
    "audio/opus": "audio/ogg",
    "image/apng": "image/png",
    "image/heif": "image/heic",
    "video/x-m4v": "video/mp4",
    "video/3gpp": "video/mp4",
}
#: How files of each type are changed.
WAYS: Mapping[str, Rewrite] = {
    "image/jpeg": jpeg.embed,
    "image/png": png.embed,
    "image/webp": webp.rewrite,
    "image/tiff": tiff.rewrite,
    "image/gif": gif.rewrite,
    "image/avif": heif.rewrite,
    "image/heic": heif.rewrite,
    "video/mp4": movie.rewrite,
    "video/quicktime": movie.rewrite,
    "audio/mp4": movie.rewrite,
    "audio/mpeg": id3.rewrite,
    "audio/flac": flac.rewrite,
    "audio/wav": wav.rewrite,
    "audio/ogg": ogg.embed,
}


def embed(media_type: str, source: ByteSource, packet: Packet) -> tuple[Splice, ...]:
    """Say what to replace in a file so that it carries a packet; nothing for an empty packet.

    What stands where the packet goes (the encoder's own notes, say) gives way to it, so that the
    file says what the packet says and no more. Every container has a place for every field.

    Args:
        media_type: of the file, as it was found in its first bytes.
        source: the file; only what says how it is built is read.
        packet: what it should say.

    Raises:
        MetadataUnsupported: this kind of file cannot carry it, or the file is damaged.
        OriginalChanged: the file is not the one that was opened.
    """
    if packet.is_empty:
        return ()
    return choose_way(WAYS, media_type)(Window(source), packet)


def choose_way(ways: Mapping[str, Rewrite], media_type: str) -> Rewrite:
    """Choose how to change files of a type.

    Raises:
        MetadataUnsupported: there is no way.
    """
    way = ways.get(_OTHER_NAMES.get(media_type, media_type))
    if way is None:
        reason = _REASONS.get(media_type, "files of this kind are not understood well enough")
        raise MetadataUnsupported(f"{media_type}: {reason}")
    return way


_CLUSTERS = "its index counts from places that would move"
_REASONS = {
    "video/webm": _CLUSTERS,
    "video/x-matroska": _CLUSTERS,
    "application/pdf": "its parts may be compressed, signed or encrypted",
    "image/svg+xml": "a drawing is text, and anything in it may say something",
}
