"""What a picture says of itself: its size, its frames, and who made it.

Metadata come from strangers: they are read in small pieces, cleaned, and an error in them is no
error of the picture.
"""

import contextlib
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from services.formats.facts import Facts
from services.rendering.xmp import read_xmp
from services.tiff_tags import Buffer, read_first_directory

_LONGEST_TEXT = 2000
_LONGEST_BLOB = 65_536
_FIRST_TURNED_ORIENTATION = 5
_LAST_ORIENTATION = 8
#: How far a panorama may be from two to one: a cropped column or two.
_PANORAMA_TOLERANCE = 0.01
_NAMES = ("copyright", "creator", "title", "description")

_XMP = {"rights": "copyright", **{name: name for name in _NAMES[1:]}}
#: Datasets of IPTC-IIM 4.2, record 2.
_IPTC = {116: "copyright", 80: "creator", 5: "title", 120: "description"}
_IPTC_MARK, _IPTC_APPLICATION_RECORD, _IPTC_HEADER_BYTES = 0x1C, 2, 5
_IPTC_EXTENDED = 0x8000
_PHOTOSHOP_IPTC = b"8BIM\x04\x04"
#: Tags of IFD 0 (EXIF 2.32, table 4).
_EXIF = {33432: "copyright", 315: "creator", 270: "description"}
#: Keywords of PNG (third edition, 11.3.3.1).
_PNG = {
    "Copyright": "copyright",
    "Author": "creator",
    "Title": "title",
    "Description": "description",
}
_PNG_FIELD = "png-comment-"
#: Cameras put these where a description should be.
_CAMERA_WORDS = re.compile(r".*DIGITAL CAMERA|SONY DSC|DCF \d.\d|DCIM.*", re.IGNORECASE)
#: These turn the direction of writing of all that follows them on a page.
_DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")
_DROPPED = frozenset({"Cc", "Cs", "Cn", "Co"})


def read_facts(image: Any, tiff: Buffer = b"") -> Facts:
    """Read what a pyvips image knows of its file; never raises.

    `tiff` is a whole TIFF file, whose own first directory libvips keeps to itself.

    Width and height are those of the upright picture, in pixels. `frames` counts those of an
    animation, `pages` those of a picture with several. The copyright and the like come from XMP,
    else IPTC, EXIF and the texts of PNG, each at most 2000 characters.
    """
    width, height = _measure(image)
    count = _number(image, "n-pages")
    count = count if count > 1 else 0
    is_moving = bool(image.get_typeof("delay"))
    xmp = _attempt(_read_packet, image)
    words = _read_words(image, xmp, tiff)
    return Facts(
        width=width,
        height=height,
        frames=count if is_moving else 0,
        pages=0 if is_moving else count,
        has_picture=True,
        is_panorama=_is_panorama(xmp, width, height),
        copyright=words["copyright"],
        creator=words["creator"],
        title=words["title"],
        description=words["description"],
    )


def clean_text(text: str) -> str:
    """Remove control characters and those that turn the writing, and cut at 2000 characters."""
    text = unicodedata.normalize("NFC", text[: 4 * _LONGEST_TEXT]).replace("\r\n", "\n")
    kept = (
        " " if one == "\t" else one
        for one in text
        if one in "\n\t" or (unicodedata.category(one) not in _DROPPED and one not in _DIRECTIONS)
    )
    return "".join(kept).strip()[:_LONGEST_TEXT].rstrip()


def _measure(image: Any) -> tuple[int, int]:
    width, height = image.width, _number(image, "page-height") or image.height
    is_turned = _FIRST_TURNED_ORIENTATION <= _number(image, "orientation") <= _LAST_ORIENTATION
    return (height, width) if is_turned else (width, height)


def _number(image: Any, name: str) -> int:
    value = image.get(name) if image.get_typeof(name) else 0
    return value if isinstance(value, int) else 0


def _blob(image: Any, name: str) -> bytes:
    value = image.get(name) if image.get_typeof(name) else b""
    return value[:_LONGEST_BLOB] if isinstance(value, bytes) else b""


def _attempt(read: Callable[[Any], Mapping[str, str]], image: Any) -> Mapping[str, str]:
    with contextlib.suppress(Exception):
        return read(image)
    return {}


def _is_panorama(xmp: Mapping[str, str], width: int, height: int) -> bool:
    is_claimed = xmp.get("projection", "").strip().lower() == "equirectangular"
    return is_claimed and abs(width - 2 * height) <= _PANORAMA_TOLERANCE * width


def _read_words(image: Any, xmp: Mapping[str, str], tiff: Buffer) -> dict[str, str]:
    own = {_XMP[name]: value for name, value in xmp.items() if name in _XMP}
    found = [own, *(_attempt(read, image) for read in (_read_iptc, _read_exif, _read_png))]
    found.append(_attempt(_read_directory, tiff))
    cleaned = ({name: clean_text(one.get(name, "")) for name in _NAMES} for one in found)
    words = dict.fromkeys(_NAMES, "")
    for one in cleaned:
        words = {name: words[name] or one[name] for name in _NAMES}
    return words


def _read_packet(image: Any) -> Mapping[str, str]:
    return read_xmp(_blob(image, "xmp-data"))


def _read_iptc(image: Any) -> Mapping[str, str]:
    data = _find_iptc(_blob(image, "iptc-data"))
    found: dict[str, str] = {}
    at = 0
    while at + _IPTC_HEADER_BYTES <= len(data) and data[at] == _IPTC_MARK:
        record, number = data[at + 1], data[at + 2]
        length = int.from_bytes(data[at + 3 : at + 5], "big")
        if length >= _IPTC_EXTENDED:
            break
        value = data[at + _IPTC_HEADER_BYTES :][:length]
        if record == _IPTC_APPLICATION_RECORD and number in _IPTC:
            name, text = _IPTC[number], _decode(value)
            # Several makers stand in as many datasets.
            is_next = name == "creator" and name in found
            found[name] = f"{found[name]}, {text}" if is_next else found.get(name, text)
        at += _IPTC_HEADER_BYTES + length
    return found


def _find_iptc(data: bytes) -> bytes:
    """Find the first dataset: bare, among the resources of Photoshop, or as numbers of TIFF."""
    if not data or data[0] == _IPTC_MARK:
        return data
    at = data.find(_PHOTOSHOP_IPTC)
    if at >= 0:
        # A name, filled up to an even length, and the size stand before the content.
        start = at + 6 + (data[at + 6] + 2) // 2 * 2 + 4
        return data[start:]
    return b"".join(data[n : n + 4][::-1] for n in range(0, len(data), 4))


def _read_exif(image: Any) -> Mapping[str, str]:
    found = _read_directory(_blob(image, "exif-data").removeprefix(b"Exif\0\0"))
    if not found.get("description") and image.get_typeof("image-description"):
        found["description"] = str(image.get("image-description"))
    if _CAMERA_WORDS.fullmatch(found.get("description", "").strip()):
        found["description"] = ""
    return found


def _read_directory(data: Buffer) -> dict[str, str]:
    tags = read_first_directory(data)
    return {name: _decode(tags.text(tag)) for tag, name in _EXIF.items() if tag in tags}


def _read_png(image: Any) -> Mapping[str, str]:
    """Read the texts of a PNG, whose fields are called `png-comment-NUMBER-KEYWORD`."""
    fields = [name for name in image.get_fields() if name.startswith(_PNG_FIELD)]
    found: dict[str, str] = {}
    for field in fields[:100]:
        keyword = field.removeprefix(_PNG_FIELD).partition("-")[2]
        if keyword in _PNG:
            found.setdefault(_PNG[keyword], str(image.get(field)))
    return found


def _decode(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("cp1252", "replace")
