"""Read JPEG XL: its size by ourselves and before the decoder, which decodes as it opens.

Sections are those of ISO/IEC 18181-1 (the codestream) and 18181-2 (the container).
"""

import numpy as np
import pyvips
from pillow_jxl import Decoder

from services.rendering.original import OpenOriginal, RenderFailed
from services.rendering.pixels import attach, check_size, hand_over, reduce_to_bytes

_LARGEST_BYTES = 200_000_000
#: The decoder holds every sample as a float, and its answer beside them.
_MOST_PIXELS = 50_000_000
_CODESTREAM = b"\xff\x0a"
_BOX_HEADER_BYTES, _LONG_BOX_HEADER_BYTES = 8, 16
_SIZE_BYTES = 16
#: Section D.2: how many bits a length has, by the two bits before it.
_LENGTH_BITS = (9, 13, 18, 30)
#: Section D.2: width by height, for what stands before the width.
_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_BANDS = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4}


def read(original: OpenOriginal) -> pyvips.Image:
    """Read a JPEG XL; its own orientation is applied by the decoder.

    Raises:
        RenderFailed: too_large, unsupported or damaged.
    """
    content = original.read(_LARGEST_BYTES)
    check_size(*read_size(content), _MOST_PIXELS)
    is_jpeg, info, data, profile, boxes = Decoder(num_threads=1)(content)
    if is_jpeg:
        # The file is a JPEG in other clothes: here it is, with all that was in it.
        image = pyvips.Image.new_from_buffer(data, "", fail_on="truncated")
        check_size(image.width, image.height, _MOST_PIXELS)
        return image.copy_memory()
    data, mode = _reduce_to_bytes(data, info.mode)
    found = {box.box_type: box.data for box in boxes}
    return attach(
        hand_over(data, info.width, info.height, _BANDS[mode]),
        icc=profile,
        # Before the EXIF block stands where in the box it begins.
        exif=found.get(b"Exif", b"")[4:],
        xmp=found.get(b"xml "),
    )


def read_size(content: bytes) -> tuple[int, int]:
    """Read width and height in pixels, as they are before the picture is turned upright.

    Raises:
        RenderFailed: damaged; there is no codestream.
    """
    bits = _Bits(_find_codestream(content)[2:][:_SIZE_BYTES])
    is_small = bits.take(1)
    height = _take_length(bits, is_small)
    ratio = bits.take(3)
    if not ratio:
        return _take_length(bits, is_small), height
    across, down = _RATIOS[ratio - 1]
    return height * across // down, height


class _Bits:
    """Bits of a codestream, the lowest of a byte first."""

    def __init__(self, data: bytes) -> None:
        self._rest = int.from_bytes(data, "little")

    def take(self, count: int) -> int:
        value = self._rest & ((1 << count) - 1)
        self._rest >>= count
        return value


def _take_length(bits: _Bits, is_small: int) -> int:
    if is_small:
        return (bits.take(5) + 1) * 8
    return bits.take(_LENGTH_BITS[bits.take(2)]) + 1


def _find_codestream(content: bytes) -> bytes:
    """Find where the codestream begins: in the file itself, or in the first box that holds some."""
    if content.startswith(_CODESTREAM):
        return content[: _SIZE_BYTES + len(_CODESTREAM)]
    at = 0
    while at + _BOX_HEADER_BYTES <= len(content):
        size, kind = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8]
        start = at + (_LONG_BOX_HEADER_BYTES if size == 1 else _BOX_HEADER_BYTES)
        if kind in {b"jxlc", b"jxlp"}:
            # A partial codestream begins with its number.
            start += 4 if kind == b"jxlp" else 0
            return content[start : start + _SIZE_BYTES + len(_CODESTREAM)]
        if size == 1:
            size = int.from_bytes(content[at + 8 : at + 16], "big")
        if size < _BOX_HEADER_BYTES:
            break
        at += size
    raise RenderFailed("damaged", "The picture is damaged: there is nothing in it")


def _reduce_to_bytes(data: bytes, mode: str) -> tuple[bytes, str]:
    """Reduce 16 bits or floats to 8 bits; anything else has 8 bits already."""
    if mode == "I;16":
        return reduce_to_bytes(data), "L"
    if mode == "F":
        grey = np.frombuffer(data, np.float32) * 255
        return np.nan_to_num(grey).clip(0, 255).astype(np.uint8).tobytes(), "L"
    if mode not in _BANDS:
        raise RenderFailed("unsupported", "The picture is of a kind that cannot be read")
    return data, mode
