"""Small pictures of kinds that no library at hand writes: Photoshop, camera raw."""

import struct

import numpy as np
import pyvips

RED, BLUE = (200, 40, 40), (40, 40, 200)
#: Channels, Photoshop's number of the mode.
GREY, INDEXED, RGB, CMYK, LAB = (1, 1), (1, 2), (3, 3), (4, 4), (3, 9)


def halves(width=120, height=80, left=RED, right=BLUE):
    """Make pixels (height, width, bands) whose left half is of one colour and right of another."""
    pixels = np.empty((height, width, len(left)), np.uint8)
    pixels[:, : width // 2], pixels[:, width // 2 :] = left, right
    return pixels


def photoshop(
    planes, mode, *, depth=8, is_packed=False, is_large=False, layers=0, resources=b"", palette=b""
):
    """Write planes (each height × width, 8 bits) as the flattened picture of a PSD or PSB."""
    height, width = planes[0].shape
    longer = "Q" if is_large else "I"
    header = (b"8BPS", 1 + is_large, len(planes), height, width, depth, mode)
    section = struct.pack(f">{longer}h2x", 4, layers)
    parts = [
        struct.pack(">4sH6xHIIHH", *header),
        struct.pack(">I", len(palette)) + palette,
        struct.pack(">I", len(resources)) + resources,
        struct.pack(f">{longer}", len(section)) + section,
        struct.pack(">H", is_packed),
    ]
    rows = [[_widen(row, depth) for row in plane] for plane in planes]
    if is_packed:
        rows = [[_pack(row) for row in plane] for plane in rows]
        lengths = [len(row) for plane in rows for row in plane]
        parts.append(struct.pack(f">{len(lengths)}{'I' if is_large else 'H'}", *lengths))
    return b"".join([*parts, *(row for plane in rows for row in plane)])


def resource(number, content):
    """Write one image resource with an empty name."""
    return (
        struct.pack(">4sHHI", b"8BIM", number, 0, len(content))
        + content
        + b"\0" * (len(content) % 2)
    )


def _widen(row, depth):
    if depth == 1:
        return np.packbits(row < 128).tobytes()
    return row.tobytes() if depth == 8 else row.astype(">u2").__mul__(257).astype(">u2").tobytes()


def _pack(row):
    """Pack a row as PackBits without repeats."""
    pieces = [row[at : at + 128] for at in range(0, len(row), 128)]
    return b"".join(bytes([len(piece) - 1]) + piece for piece in pieces)


def dng(preview=None, *, width=64, height=48, orientation=1, colour=(3000, 9000, 3000)):
    """Write a DNG: a raw picture of one colour, and in front of it a JPEG if one is given."""
    samples = np.empty((height, width), "<u2")
    samples[::2, ::2], samples[1::2, 1::2] = colour[0], colour[2]
    samples[::2, 1::2] = samples[1::2, ::2] = colour[1]
    raw = [
        (254, 4, [0]), (256, 4, [width]), (257, 4, [height]), (258, 3, [16]), (259, 3, [1]),
        (262, 3, [32803]), (273, 4, ["raw"]), (277, 3, [1]), (278, 4, [height]),
        (279, 4, [samples.nbytes]), (33421, 3, [2, 2]), (33422, 1, [0, 1, 1, 2]),
        (50717, 4, [65535]),
    ]  # fmt: skip
    camera = [
        (271, 2, b"Vitrine\0"), (272, 2, b"Testing\0"), (274, 3, [orientation]),
        (50706, 1, [1, 4, 0, 0]), (50708, 2, b"Vitrine Testing\0"),
        (50721, 10, [1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1]),
        (50728, 5, [1, 1, 1, 1, 1, 1]),
    ]  # fmt: skip
    if preview is None:
        return _lay_out([sorted(raw + camera)], {"raw": samples.tobytes()})
    size = pyvips.Image.new_from_buffer(preview, "")
    small = [
        (254, 4, [1]), (256, 4, [size.width]), (257, 4, [size.height]), (258, 3, [8, 8, 8]),
        (259, 3, [7]), (262, 3, [6]), (273, 4, ["preview"]), (277, 3, [3]),
        (278, 4, [size.height]), (279, 4, [len(preview)]), (330, 4, ["IFD1"]),
    ]  # fmt: skip
    contents = {"raw": samples.tobytes(), "preview": preview}
    return _lay_out([sorted(small + camera), raw], contents)


def tiff_of_separate_tiles():
    """Write a TIFF of which each colour lies in a tile of its own: whole, and not read by libvips."""
    tile = 16
    entries = [
        (256, 4, [tile]), (257, 4, [tile]), (258, 3, [8, 8, 8]), (259, 3, [1]), (262, 3, [2]),
        (277, 3, [3]), (284, 3, [2]), (322, 4, [tile]), (323, 4, [tile]),
        (324, 4, ["red", "green", "blue"]), (325, 4, [tile * tile] * 3),
    ]  # fmt: skip
    tiles = {
        name: bytes([level]) * tile**2 for name, level in (("red", 9), ("green", 99), ("blue", 9))
    }
    return _lay_out([entries], tiles)


_FORMATS = {1: "B", 2: "B", 3: "H", 4: "I", 5: "I", 10: "i"}
_NUMBERS_A_VALUE = {5: 2, 10: 2}


def _lay_out(directories, contents):
    """Lay out a TIFF, little end first; where a value is a name, the place of what has it stands."""
    places = dict.fromkeys((*contents, "IFD1"), 0)
    for _ in range(2):  # the first time tells the places
        parts, at = [b"II*\0" + struct.pack("<I", 8)], 8
        for number, directory in enumerate(directories):
            places[f"IFD{number}"] = at
            written = _write_directory(directory, at, places)
            parts.append(written)
            at += len(written)
        for name, content in contents.items():
            places[name] = at
            parts.append(content)
            at += len(content)
    return b"".join(parts)


def _write_directory(directory, at, places):
    end = at + 2 + 12 * len(directory) + 4
    entries, values = b"", b""
    for tag, kind, numbers in directory:
        placed = [places.get(one, one) if isinstance(one, str) else one for one in numbers]
        packed = struct.pack(f"<{len(placed)}{_FORMATS[kind]}", *placed)
        count = len(placed) // _NUMBERS_A_VALUE.get(kind, 1)
        entries += struct.pack("<HHI", tag, kind, count)
        if len(packed) <= 4:
            entries += packed.ljust(4, b"\0")
        else:
            entries += struct.pack("<I", end + len(values))
            values += packed + b"\0" * (len(packed) % 2)
    return struct.pack("<H", len(directory)) + entries + bytes(4) + values
