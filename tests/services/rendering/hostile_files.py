"""Files that were made to hurt whoever opens them, each built by a few lines."""

import struct
import zlib

from isal import isal_zlib

from tests.photographs import photograph
from tests.services.rendering.made_documents import halves, make_stream, pdf

HUGE = 30_000
_BLOCK = bytes(1 << 20)
_PNG = b"\x89PNG\r\n\x1a\n"


def zeros(count):
    """Deflate many zeros: a thousandth of their size."""
    packer = isal_zlib.compressobj(1)
    blocks = [packer.compress(_BLOCK) for _ in range(count >> 20)]
    return b"".join([*blocks, packer.compress(bytes(count % (1 << 20))), packer.flush()])


def png(width, height, *, data=b"", depth=1, interlaced=0, chunks=()):
    """Write a PNG of grey pixels with these (deflated) data."""
    header = struct.pack(">2I5B", width, height, depth, 0, 0, 0, interlaced)
    return _PNG + b"".join(
        _chunk(name, content)
        for name, content in ((b"IHDR", header), *chunks, (b"IDAT", data), (b"IEND", b""))
    )


def _chunk(name, content):
    return (
        struct.pack(">I", len(content))
        + name
        + content
        + struct.pack(">I", zlib.crc32(name + content))
    )


def huge_png(*, interlaced=0):
    """A PNG of 900 million pixels, all of them there."""
    return png(HUGE, HUGE, data=zeros((HUGE // 8 + 1) * HUGE), interlaced=interlaced)


def small_png(*chunks):
    """A good PNG with further chunks."""
    return png(64, 64, data=zlib.compress(bytes(9 * 64)), chunks=chunks)


def huge_tiff(*, tile=0):
    """A TIFF of 900 million grey pixels, whose strips or tiles are all one and the same."""
    rows = tile or 1000
    piece = zeros(rows * (tile or HUGE))
    count = (-(-HUGE // tile)) ** 2 if tile else HUGE // rows
    size = [(322, tile), (323, tile)] if tile else [(278, rows)]
    where, lengths = (324, 325) if tile else (273, 279)
    plain = [(256, HUGE), (257, HUGE), (258, 8), (259, 8), (262, 1), (277, 1), *size]
    at = 8 + 2 + 12 * (len(plain) + 2) + 4
    values = at + len(piece)
    entries = [(tag, 1, value) for tag, value in plain]
    entries += [(where, count, values), (lengths, count, values + 4 * count)]
    directory = b"".join(
        struct.pack("<HHII", tag, 4, n, value) for tag, n, value in sorted(entries)
    )
    return b"".join([
        b"II*\0" + struct.pack("<IH", 8, len(entries)) + directory + bytes(4),
        piece,
        struct.pack("<I", at) * count,
        struct.pack("<I", len(piece)) * count,
    ])  # fmt: skip


def jpeg_that_claims(width, height, *, progressive=False):
    """A small JPEG whose frame header says another size."""
    content = bytearray(photograph(64, 64).jpegsave_buffer(interlace=progressive))
    at = content.index(b"\xff\xc2" if progressive else b"\xff\xc0")
    struct.pack_into(">HH", content, at + 5, height, width)
    return bytes(content)


def avif_that_claims(edge):
    """A small AVIF whose properties say another size."""
    content = bytearray(photograph(64, 64).heifsave_buffer(compression="av1", effort=0))
    struct.pack_into(">II", content, content.index(b"ispe") + 8, edge, edge)
    return bytes(content)


def huge_webp():
    """A lossless WebP of one colour, whose pixels need no bits, as large as the format allows."""
    plain = (photograph(8, 8) * 0).cast("uchar").copy(interpretation="srgb")
    content = bytearray(plain.webpsave_buffer(lossless=True, keep="none"))
    at = content.index(b"VP8L") + 9
    (word,) = struct.unpack_from("<I", content, at)
    struct.pack_into("<I", content, at, word >> 28 << 28 | 16_382 << 14 | 16_382)
    return bytes(content)


def gif_that_claims(edge):
    """A GIF of 35 bytes and one pixel that claims many more."""
    frame = b"\x2c" + struct.pack("<4HB", 0, 0, edge, edge, 0) + b"\x02\x02\x44\x01\x00\x3b"
    return b"GIF89a" + struct.pack("<2H3B", edge, edge, 0x80, 0, 0) + bytes(6) + frame


def gif_of_frames(count):
    """A GIF of many frames of one pixel each."""
    control = b"\x21\xf9\x04\x00\x01\x00\x00\x00"
    frame = control + b"\x2c" + struct.pack("<4HB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return b"GIF89a" + struct.pack("<2H3B", 1, 1, 0x80, 0, 0) + bytes(6) + frame * count + b"\x3b"


def profile_bomb():
    """A PNG whose profile inflates to 400 MB."""
    return small_png((b"iCCP", b"x\0\0" + zeros(400_000_000)))


def text_bomb():
    """A PNG whose comment inflates to 400 MB."""
    return small_png((b"zTXt", b"Title\0\0" + zeros(400_000_000)))


def polyglot():
    """A JPEG that is also a script, a zip and a PDF for those who look for them."""
    tail = b"<script>alert('polyglot')</script>PK\x03\x04polyglot%PDF-1.7 polyglot"
    return photograph(64, 64).jpegsave_buffer() + tail


def with_flipped_bytes(content):
    """Change bytes in the second half of a file."""
    changed = bytearray(content)
    for at in range(len(changed) // 2, len(changed) - 100, 997):
        changed[at] ^= 0x55
    return bytes(changed)


def with_corrupt_exif():
    """A JPEG whose EXIF block points outside of itself."""
    block = b"Exif\0\0MM\0*\xff\xff\xff\xf0" + b"\xff" * 40
    content = photograph(64, 64).jpegsave_buffer(keep="none")
    return content[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + content[2:]


def svg(content="", *, width="240", height="160", head=""):
    """Write a drawing."""
    spaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f'{head}<svg {spaces} width="{width}" height="{height}">{content}</svg>'.encode()


def laughing_svg():
    """Entities that inflate to a thousand million words."""
    entities = "".join(
        f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)
    )  # fmt: skip
    head = f'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a0 "ha">{entities}]>'
    return svg("<text y='20'>&a9;</text>", head=head)


def nested_svg():
    """Groups that use groups that use groups: a hundred million squares."""
    groups = "".join(
        f'<g id="g{n}">' + f'<use xlink:href="#g{n - 1}"/>' * 10 + "</g>" for n in range(1, 9)
    )
    return svg(f'<defs><rect id="g0" width="1" height="1"/>{groups}</defs><use xlink:href="#g8"/>')


def costly_svg():
    """A blur and a cloud that would take long at full size."""
    return svg(
        '<filter id="f"><feTurbulence baseFrequency="0.9" numOctaves="9999"/>'
        '<feGaussianBlur stdDeviation="900"/></filter>'
        '<rect width="100%" height="100%" filter="url(#f)"/>'
    )


def huge_page():
    """A PDF with a page of seventy metres."""
    return pdf(halves((200_000, 200_000)), size=(200_000, 200_000))


def huge_image_in_pdf(edge=25_000):
    """A PDF with an image of 625 million pixels."""
    packed = zeros(edge * edge)
    entries = (
        f"<< /Type /XObject /Subtype /Image /Width {edge} /Height {edge} /BitsPerComponent 8"
        f" /ColorSpace /DeviceGray /Filter /FlateDecode /Length {len(packed)} >>\nstream\n"
    )
    image = entries.encode() + packed + b"\nendstream"
    return pdf(b"612 0 0 792 0 0 cm /I Do", objects=[image], resources="/XObject << /I 10 0 R >>")


def drawing_without_end():
    """A page of six million strokes, which all have to be held in memory."""
    strokes = make_stream(b"0 0 m 9 9 l S\n" * 1_000_000)
    content = pdf(b"", objects=[strokes])
    return content.replace(b"/Contents 1001 0 R", b"/Contents [" + b"10 0 R " * 6 + b"]")


def locked_pdf():
    """A PDF that asks for a password."""
    lock = "/Encrypt << /Filter /Standard /V 2 /R 3 /Length 128 /P -4 /O <{0}> /U <{0}> >>"
    return pdf(halves(), trailer=lock.format("5a" * 32) + " /ID [<00> <00>]")
