"""Read the flattened picture of a Photoshop file (PSD and PSB), of 1, 8 or 16 bits.

Written after Adobe's "Photoshop File Formats Specification", because Pillow reads neither 16 bits
nor PSB, and takes a saved selection for transparency.
"""

import os
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyvips
from PIL import Image

from services.rendering.original import OpenOriginal, RenderFailed
from services.rendering.pixels import attach, check_size, hand_over

_HEADER = struct.Struct(">4sH6xHIIHH")
_MAGIC = b"8BPS"
_BITMAP, _GREY, _INDEXED, _RGB, _CMYK, _MULTICHANNEL, _DUOTONE, _LAB = 0, 1, 2, 3, 4, 7, 8, 9
_COLOURS = {
    _RGB: 3,
    _CMYK: 4,
    _LAB: 3,
    _BITMAP: 1,
    _GREY: 1,
    _INDEXED: 1,
    _MULTICHANNEL: 1,
    _DUOTONE: 1,
}
_MAY_BE_CLEAR = frozenset({_RGB, _GREY, _LAB})
_LARGE_DOCUMENT = 2
_WHOLE_BYTE, _TWO_BYTES = 8, 16
_RAW, _PACKED = 0, 1
_PALETTE_BYTES = 768
#: What is read of sections that say something about the picture.
_LONGEST_SECTION = 16_000_000
_LAYERS_LOOKED_AT = 65_536
_SIGNATURE = b"8BIM"
#: "Saved merged transparency", by depth.
_TRANSPARENCY_BLOCKS = (b"8BIMMtrn", b"8BIMMt16")
_IPTC, _PROFILE, _VERSION_INFO, _EXIF, _XMP = 1028, 1039, 1057, 1058, 1060


@dataclass(frozen=True)
class _Header:
    channels: int
    height: int
    width: int
    depth: int
    mode: int
    is_large: bool

    @property
    def row_bytes(self) -> int:
        return (self.width * self.depth + 7) // 8


class _Reader:
    """Reads on from where it stands; less than was asked for means a damaged file."""

    def __init__(self, descriptor: int) -> None:
        self.at = 0
        self._descriptor = descriptor

    def take(self, count: int) -> bytes:
        data = os.pread(self._descriptor, count, self.at)
        if len(data) < count:
            raise RenderFailed("damaged", "The picture is damaged: its end is missing")
        self.at += count
        return data

    def number(self, count: int) -> int:
        return int.from_bytes(self.take(count), "big")

    def take_section(self, length_bytes: int, most: int = _LONGEST_SECTION) -> bytes:
        length = self.number(length_bytes)
        end = self.at + length
        data = self.take(min(length, most))
        self.at = end
        return data


def read(original: OpenOriginal) -> pyvips.Image:
    """Read the flattened picture, with its profile and what the file says of itself.

    Raises:
        RenderFailed: unsupported, too_large or damaged.
    """
    reader = _Reader(original.descriptor)
    header = _read_header(reader)
    palette = reader.take_section(4)
    resources = _read_resources(reader.take_section(4))
    layers = reader.take_section(8 if header.is_large else 4, _LAYERS_LOOKED_AT)
    if resources.get(_VERSION_INFO, b"\0\0\0\0\1")[4:5] == b"\0":
        raise RenderFailed("unsupported", "The file was saved without a flattened picture")
    is_clear = header.mode in _MAY_BE_CLEAR and _has_transparency(layers, header)
    count = _COLOURS[header.mode] + is_clear
    if count > header.channels:
        raise RenderFailed("damaged", "The picture is damaged: colours are missing")
    image = _join(_read_planes(reader, header, count), header, palette, is_clear=is_clear)
    return attach(
        image,
        icc=resources.get(_PROFILE) if header.mode != _LAB else None,
        exif=resources.get(_EXIF),
        xmp=resources.get(_XMP),
        iptc=resources.get(_IPTC),
    )


def _read_header(reader: _Reader) -> _Header:
    fields = _HEADER.unpack(reader.take(_HEADER.size))
    magic, version, channels, height, width, depth, mode = fields
    if magic != _MAGIC:
        raise RenderFailed("damaged", "The file is no Photoshop file")
    check_size(width, height)
    depths = {1} if mode == _BITMAP else {_WHOLE_BYTE, _TWO_BYTES}
    if mode not in _COLOURS or depth not in depths:
        raise RenderFailed("unsupported", f"Pictures of {depth} bits in mode {mode} are not read")
    return _Header(channels, height, width, depth, mode, version == _LARGE_DOCUMENT)


def _read_resources(section: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    at = 0
    while section[at : at + 4] == _SIGNATURE and at + 12 <= len(section):
        number = int.from_bytes(section[at + 4 : at + 6], "big")
        # The name before the content, like the content itself, fills an even number of bytes.
        start = at + 6 + (section[at + 6] + 2) // 2 * 2
        size = int.from_bytes(section[start : start + 4], "big")
        found.setdefault(number, section[start + 4 : start + 4 + size])
        at = start + 4 + (size + 1) // 2 * 2
    return found


def _has_transparency(layers: bytes, header: _Header) -> bool:
    """Whether the first channel after the colours is the transparency of the whole picture.

    A negative number of layers says so; deep pictures keep their layers elsewhere.
    """
    length_bytes = 8 if header.is_large else 4
    is_there = any(layers[:length_bytes])
    first = int.from_bytes(layers[length_bytes : length_bytes + 2], "big", signed=True)
    return (is_there and first < 0) or any(block in layers for block in _TRANSPARENCY_BLOCKS)


def _read_planes(reader: _Reader, header: _Header, count: int) -> list[bytes]:
    """Read the first `count` channels as rows of bytes, 16 bits cut to 8."""
    compression = reader.number(2)
    if compression not in {_RAW, _PACKED}:
        raise RenderFailed("unsupported", "The picture is packed in a way that is not read")
    lengths = [header.row_bytes * header.height] * count
    if compression == _PACKED:
        lengths = _read_packed_lengths(reader, header)[:count]
    planes = []
    for length in lengths:
        plane = reader.take(length)
        if compression == _PACKED:
            rows = Image.frombytes("L", (header.row_bytes, header.height), plane, "packbits", "L")
            plane = rows.tobytes()
        planes.append(plane[::2] if header.depth == _TWO_BYTES else plane)
    return planes


def _read_packed_lengths(reader: _Reader, header: _Header) -> list[int]:
    count = header.channels * header.height
    kind = np.dtype(">u4" if header.is_large else ">u2")
    table = np.frombuffer(reader.take(count * kind.itemsize), kind)
    return [int(one) for one in table.reshape(header.channels, -1).sum(axis=1, dtype=np.int64)]


def _join(planes: list[bytes], header: _Header, palette: bytes, *, is_clear: bool) -> pyvips.Image:
    width, height = header.width, header.height
    if header.mode == _BITMAP:
        bits = np.unpackbits(np.frombuffer(planes[0], np.uint8).reshape(height, -1), axis=1)
        # A set bit is black.
        return hand_over(((1 - bits[:, :width]) * 255).tobytes(), width, height, 1)
    bands = [hand_over(plane, width, height, 1) for plane in planes]
    if header.mode == _INDEXED:
        return bands[0].maplut(_make_table(palette)).copy(interpretation="srgb")
    if header.mode == _CMYK:
        return bands[0].bandjoin(bands[1:]).invert().copy(interpretation="cmyk")
    colours = _join_colours(bands[: len(bands) - is_clear], header.mode)
    return _lift_off_white(colours, bands[-1]) if is_clear else colours


def _join_colours(bands: list[Any], mode: int) -> pyvips.Image:
    if mode == _LAB:
        lab = bands[0].bandjoin(bands[1:]).linear([100 / 255, 1, 1], [0, -128, -128])
        return lab.copy(interpretation="lab").colourspace("srgb")
    if mode == _RGB:
        return bands[0].bandjoin(bands[1:]).copy(interpretation="srgb")
    return bands[0]


def _lift_off_white(colours: Any, alpha: Any) -> pyvips.Image:
    """Undo that the colours of a clear picture are kept as they look on white.

    Upside down, on white is on black, and that is what colours times alpha are.
    """
    lifted = colours.invert().bandjoin(alpha).unpremultiply().cast("uchar")
    plain = lifted.extract_band(0, n=colours.bands).invert()
    return plain.bandjoin(alpha).copy(interpretation=colours.interpretation)


def _make_table(palette: bytes) -> pyvips.Image:
    """Make a table of colours from all reds, then all greens, then all blues."""
    if len(palette) < _PALETTE_BYTES:
        raise RenderFailed("damaged", "The picture is damaged: its colours are missing")
    planes = np.frombuffer(palette[:_PALETTE_BYTES], np.uint8).reshape(3, 256)
    return hand_over(planes.T.tobytes(), 256, 1, 3)
