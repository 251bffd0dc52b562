"""What a file is, decided by its first bytes: never by its name, nor by the DAM's word.

A file that is several things at once (a polyglot) is what its first bytes say.
"""

import re
from dataclasses import dataclass

from models.kinds import AssetKind
from services.stream_sniffing import find_audio_stream, is_transport_stream
from services.text_sniffing import find_text_type
from services.tiff_tags import read_first_directory


@dataclass(frozen=True)
class Sniffed:
    """What the first bytes say."""

    kind: AssetKind
    media_type: str


_UNKNOWN = Sniffed(AssetKind.OTHER, "application/octet-stream")
_RAW = "image/x-raw"
_TIFF = "image/tiff"
_OGG = "audio/ogg"
_MATROSKA = "video/x-matroska"
_BMP = "image/bmp"
_ICON = "image/x-icon"

# (offset, magic bytes, media type); the first that fits decides. Some need a second look.
_MAGIC = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"FUJIFILMCCD-RAW", _RAW),
    (0, b"IIRO", _RAW),  # Olympus ORF
    (0, b"IIRS", _RAW),
    (0, b"MMOR", _RAW),
    (0, b"IIU\x00", _RAW),  # Panasonic RW2
    (0, b"II\x1a\x00\x00\x00HEAPCCDR", _RAW),  # Canon CRW
    (0, b"\x00MRM", _RAW),  # Minolta MRW
    (0, b"FOVb", _RAW),  # Sigma X3F
    (0, b"II*\x00", _TIFF),
    (0, b"MM\x00*", _TIFF),
    (0, b"II+\x00", _TIFF),
    (0, b"MM\x00+", _TIFF),
    (0, b"8BPS\x00\x01", "image/vnd.adobe.photoshop"),
    (0, b"8BPS\x00\x02", "image/vnd.adobe.photoshop"),
    (0, b"\xff\x0a", "image/jxl"),
    (0, b"\x00\x00\x00\x0cJXL \r\n\x87\n", "image/jxl"),
    (0, b"\x00\x00\x00\x0cjP  \r\n\x87\n", "image/jp2"),
    (0, b"\xff\x4f\xff\x51", "image/jp2"),  # a codestream without a container
    (0, b"DDS \x7c\x00\x00\x00", "image/vnd.ms-dds"),
    (0, b"BM", _BMP),
    (0, b"\x00\x00\x01\x00", _ICON),
    (0, b"%PDF-", "application/pdf"),
    (0, b"\x1aE\xdf\xa3", _MATROSKA),
    (0, b"OggS\x00", _OGG),
    (0, b"fLaC\x00", "audio/flac"),
    (0, b"fLaC\x80", "audio/flac"),
    (0, b"ID3\x02", "audio/mpeg"),
    (0, b"ID3\x03", "audio/mpeg"),
    (0, b"ID3\x04", "audio/mpeg"),
    (0, b"#!AMR", "audio/amr"),
    (0, b"\x00\x00\x01\xba", "video/mpeg"),
    (0, b"\x00\x00\x01\xb3", "video/mpeg"),
    (0, b"FLV\x01", "video/x-flv"),
    # Advanced Systems Format (WMA, WMV): which of the two stands too far behind.
    (0, bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), "video/x-ms-asf"),
    (0, bytes.fromhex("060e2b34020501010d010201"), "video/mxf"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (0, b"\xc5\xd0\xd3\xc6", "application/postscript"),
    (257, b"ustar", "application/x-tar"),
    (0, b"{\\rtf", "application/rtf"),
)
#: What does not say its kind by the first word of its media type.
_KINDS = {
    "application/x-tar": AssetKind.OTHER,
    "application/zip": AssetKind.OTHER,
    # A list of other files or addresses: nothing that anybody may be made to open.
    "application/vnd.apple.mpegurl": AssetKind.OTHER,
    "application/x-ffconcat": AssetKind.OTHER,
}
# The form of a RIFF or IFF file, which stands at its ninth byte.
_FORMS = {
    (b"RIFF", b"WEBP"): "image/webp",
    (b"RIFF", b"WAVE"): "audio/wav",
    (b"RF64", b"WAVE"): "audio/wav",
    (b"RIFF", b"AVI "): "video/x-msvideo",
    (b"FORM", b"AIFF"): "audio/aiff",
    (b"FORM", b"AIFC"): "audio/aiff",
}
# Major brands of ISO base media files (ISO/IEC 14496-12); any other brand is taken for MP4 video.
_BRANDS = {
    **dict.fromkeys((b"avif", b"avis"), "image/avif"),
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"), "image/heic"),
    **dict.fromkeys((b"mif1", b"msf1"), "image/heic"),
    **dict.fromkeys((b"M4A ", b"M4B ", b"M4P "), "audio/mp4"),
    b"qt  ": "video/quicktime",
    b"crx ": _RAW,  # Canon CR3
}
#: Old films begin with one of these boxes, and have no brand.
_FILM_BOXES = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
_LARGEST_BOX_HEADER = b"\x7f\xff\xff\xff"
_OFFICE = (
    (re.compile(rb"(?<![\w/])word/"), "wordprocessingml.document"),
    (re.compile(rb"(?<![\w/])xl/"), "spreadsheetml.sheet"),
    (re.compile(rb"(?<![\w/])ppt/"), "presentationml.presentation"),
)
#: OpenDocument and EPUB name their type in the first entry of the zip, which is not compressed;
#: what is behind this beginning of OpenDocument's is a matter of its programs.
_NAMED_ZIP = re.compile(rb"mimetype(application/(?:epub\+zip|vnd\.oasis\.opendocument))")
_BMP_HEADERS = frozenset({12, 40, 52, 56, 64, 108, 124})
_BMP_HEADER_AT = 14
_ICON_ENTRY_BYTES = 16
_TARGA_FOOTER = b"TRUEVISION-XFILE.\x00"
# Tags of TIFF/EP (ISO 12234-2) and DNG 1.7.
_NEW_SUBFILE_TYPE, _MAKE, _SUB_DIRECTORIES, _DNG_VERSION = 254, 271, 330, 50706

_NATIVE = ("jpeg", "png", "webp", "avif", "tiff", "gif", "svg+xml")
_FOREIGN = ("heic", "jxl", "vnd.adobe.photoshop", "jp2", "bmp", "x-icon", "x-tga", "vnd.ms-dds")
#: The kinds of picture of which renditions can be made.
_PICTURES = frozenset(f"image/{name}" for name in (*_NATIVE, *_FOREIGN, "x-raw"))


def sniff(head: bytes) -> Sniffed:
    """Say what a file is from its first bytes (4 KiB are enough)."""
    media_type = (
        _find_magic(head)
        or _FORMS.get((head[:4], head[8:12]))
        or _find_container(head)
        or find_text_type(head)
        or _find_weak(head)
    )
    return Sniffed(_kind_of(media_type), media_type) if media_type else _UNKNOWN


def is_picture(media_type: str) -> bool:
    """Whether renditions of a still picture can be made of files of this type."""
    return media_type in _PICTURES


def _kind_of(media_type: str) -> AssetKind:
    if media_type in _KINDS:
        return _KINDS[media_type]
    family = media_type.partition("/")[0]
    return AssetKind(family) if family in {"image", "video", "audio"} else AssetKind.DOCUMENT


def _find_magic(head: bytes) -> str | None:
    for offset, magic, media_type in _MAGIC:
        if head.startswith(magic, offset):
            return _look_again(head, media_type)
    return None


def _look_again(head: bytes, media_type: str) -> str | None:
    if media_type == _TIFF:
        return _RAW if _is_camera_raw(head) else _TIFF
    if media_type == _BMP:
        return _BMP if _is_bitmap(head) else None
    if media_type == _ICON:
        return _ICON if _is_icon(head) else None
    if media_type == _MATROSKA and b"\x42\x82\x84webm" in head[:64]:
        return "video/webm"
    if media_type == _OGG and b"\x80theora" in head:
        return "video/ogg"
    return media_type


def _is_camera_raw(head: bytes) -> bool:
    """Tell DNG, CR2, IIQ, NEF, ARW and their kin from TIFF: IFD 0 holds only a small copy."""
    if head[8:10] == b"CR" or head[8:12] == b"IIII":
        return True
    tags = read_first_directory(head)
    is_reduced = bool(tags.number(_NEW_SUBFILE_TYPE) & 1)
    return _DNG_VERSION in tags or (is_reduced and _SUB_DIRECTORIES in tags and _MAKE in tags)


def _is_bitmap(head: bytes) -> bool:
    """Tell BMP from a text that begins with BM: reserved bytes, offset and header must fit."""
    offset, header = (int.from_bytes(head[at : at + 4], "little") for at in (10, _BMP_HEADER_AT))
    return not any(head[6:10]) and header in _BMP_HEADERS and offset >= _BMP_HEADER_AT + header


def _is_icon(head: bytes) -> bool:
    count = int.from_bytes(head[4:6], "little")
    first = int.from_bytes(head[18:22], "little")
    return count > 0 and first >= 6 + count * _ICON_ENTRY_BYTES and head[9:10] == b"\x00"


def _find_container(head: bytes) -> str | None:
    if head[4:8] == b"ftyp":
        return _find_brand(head)
    if head[:4] == b"PK\x03\x04":
        return _find_zip(head)
    return None


def _find_brand(head: bytes) -> str:
    brand, others = head[8:12], head[16 : min(int.from_bytes(head[:4], "big"), 64)]
    if brand in {b"mif1", b"msf1"} and b"avif" in others:
        return "image/avif"
    if brand[:3] in {b"3gp", b"3g2"}:
        return "video/3gpp" if brand[:3] == b"3gp" else "video/3gpp2"
    return _BRANDS.get(brand, "video/mp4")


def _find_zip(head: bytes) -> str:
    if named := _NAMED_ZIP.search(head[:256]):
        return named[1].decode()
    for mark, name in _OFFICE:
        if mark.search(head):
            return f"application/vnd.openxmlformats-officedocument.{name}"
    return "application/zip"


def _find_weak(head: bytes) -> str | None:
    """Find what has too little of a magic to be asked before texts are."""
    if is_transport_stream(head):
        return "video/mp2t"
    if head[4:8] in _FILM_BOXES and head[:4] <= _LARGEST_BOX_HEADER:
        return "video/quicktime"
    # The only mark of a Targa stands at its end, which is here if the file is small.
    if head.endswith(_TARGA_FOOTER):
        return "image/x-tga"
    return find_audio_stream(head)
