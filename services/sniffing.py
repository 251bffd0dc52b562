"""What a file is, decided by its first bytes: never by its name, nor by the DAM's word."""

from dataclasses import dataclass

from models.kinds import AssetKind


@dataclass(frozen=True)
class Sniffed:
    """What the first bytes say."""

    kind: AssetKind
    media_type: str


_UNKNOWN = Sniffed(AssetKind.OTHER, "application/octet-stream")

# (offset, magic bytes, kind, media type); the first that fits decides.
_MAGIC = (
    (0, b"\xff\xd8\xff", AssetKind.IMAGE, "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", AssetKind.IMAGE, "image/png"),
    (0, b"GIF87a", AssetKind.IMAGE, "image/gif"),
    (0, b"GIF89a", AssetKind.IMAGE, "image/gif"),
    (0, b"II*\x00", AssetKind.IMAGE, "image/tiff"),
    (0, b"MM\x00*", AssetKind.IMAGE, "image/tiff"),
    (0, b"II+\x00", AssetKind.IMAGE, "image/tiff"),
    (0, b"MM\x00+", AssetKind.IMAGE, "image/tiff"),
    (0, b"8BPS", AssetKind.IMAGE, "image/vnd.adobe.photoshop"),
    (0, b"\xff\x0a", AssetKind.IMAGE, "image/jxl"),
    (0, b"\x00\x00\x00\x0cJXL \r\n\x87\n", AssetKind.IMAGE, "image/jxl"),
    (0, b"\x00\x00\x00\x0cjP  \r\n\x87\n", AssetKind.IMAGE, "image/jp2"),
    (0, b"BM", AssetKind.IMAGE, "image/bmp"),
    (0, b"%PDF-", AssetKind.DOCUMENT, "application/pdf"),
    (0, b"\x1aE\xdf\xa3", AssetKind.VIDEO, "video/x-matroska"),
    (0, b"OggS", AssetKind.AUDIO, "audio/ogg"),
    (0, b"fLaC", AssetKind.AUDIO, "audio/flac"),
    (0, b"ID3", AssetKind.AUDIO, "audio/mpeg"),
    (0, b"\xff\xfb", AssetKind.AUDIO, "audio/mpeg"),
    (0, b"\xff\xf3", AssetKind.AUDIO, "audio/mpeg"),
    (0, b"\xff\xf1", AssetKind.AUDIO, "audio/aac"),
    (0, b"\xff\xf9", AssetKind.AUDIO, "audio/aac"),
    (0, b"\x00\x00\x01\xba", AssetKind.VIDEO, "video/mpeg"),
    (0, b"\x00\x00\x01\xb3", AssetKind.VIDEO, "video/mpeg"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", AssetKind.DOCUMENT, "application/x-ole-storage"),
    (257, b"ustar", AssetKind.OTHER, "application/x-tar"),
    (0, b"{\\rtf", AssetKind.DOCUMENT, "application/rtf"),
)
_RIFF = {
    b"WEBP": Sniffed(AssetKind.IMAGE, "image/webp"),
    b"WAVE": Sniffed(AssetKind.AUDIO, "audio/wav"),
    b"AVI ": Sniffed(AssetKind.VIDEO, "video/x-msvideo"),
}
# Major brands of ISO base media files (ISO/IEC 14496-12); any other brand is taken for MP4 video.
_BRANDS = {
    b"avif": Sniffed(AssetKind.IMAGE, "image/avif"),
    b"avis": Sniffed(AssetKind.IMAGE, "image/avif"),
    b"heic": Sniffed(AssetKind.IMAGE, "image/heic"),
    b"heix": Sniffed(AssetKind.IMAGE, "image/heic"),
    b"mif1": Sniffed(AssetKind.IMAGE, "image/heic"),
    b"msf1": Sniffed(AssetKind.IMAGE, "image/heic"),
    b"M4A ": Sniffed(AssetKind.AUDIO, "audio/mp4"),
    b"M4B ": Sniffed(AssetKind.AUDIO, "audio/mp4"),
    b"qt  ": Sniffed(AssetKind.VIDEO, "video/quicktime"),
}
_OFFICE = (
    (b"word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (b"xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (b"ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    (b"mimetypeapplication/vnd.oasis.opendocument", "application/vnd.oasis.opendocument"),
)
_TRANSPORT_PACKET_BYTES = 188

#: The kinds of picture that the libvips of the wheel reads.
_STILL_IMAGES = frozenset(
    f"image/{name}" for name in ("jpeg", "png", "webp", "avif", "tiff", "gif", "svg+xml")
)


def sniff(head: bytes) -> Sniffed:
    """Say what a file is from its first bytes (4 KiB are enough)."""
    for offset, magic, kind, media_type in _MAGIC:
        if head.startswith(magic, offset):
            return Sniffed(kind, media_type)
    return _sniff_containers(head) or _sniff_text(head) or _UNKNOWN


def is_still_image(media_type: str) -> bool:
    """Whether renditions can be made of files of this type."""
    return media_type in _STILL_IMAGES


def _sniff_containers(head: bytes) -> Sniffed | None:
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _sniff_iso_media(head)
    if head[:4] == b"PK\x03\x04":
        return _sniff_zip(head)
    packets = head[::_TRANSPORT_PACKET_BYTES][:3]
    if packets == b"GGG":
        return Sniffed(AssetKind.VIDEO, "video/mp2t")
    return None


def _sniff_iso_media(head: bytes) -> Sniffed:
    brand = head[8:12]
    if brand in {b"mif1", b"msf1"} and b"avif" in head[16:64]:
        return _BRANDS[b"avif"]
    return _BRANDS.get(brand, Sniffed(AssetKind.VIDEO, "video/mp4"))


def _sniff_zip(head: bytes) -> Sniffed:
    for mark, media_type in _OFFICE:
        if mark in head:
            return Sniffed(AssetKind.DOCUMENT, media_type)
    return Sniffed(AssetKind.OTHER, "application/zip")


def _sniff_text(head: bytes) -> Sniffed | None:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    is_markup = text.startswith((b"<?xml", b"<svg", b"<!--", b"<!DOCTYPE svg"))
    if is_markup and b"<svg" in head:
        return Sniffed(AssetKind.IMAGE, "image/svg+xml")
    return None
