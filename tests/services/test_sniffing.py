import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.kinds import AssetKind
from services.sniffing import is_picture, sniff
from tests.photographs import photograph


def tiff(*entries, mark=b"II*\0"):
    """A TIFF whose first directory has these tags, each with one number."""
    written = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
    return mark + struct.pack("<IH", 8, len(entries)) + written + bytes(4)


def bitmap(header=40):
    return b"BM" + struct.pack("<IIII", 1000, 0, 14 + header, header) + bytes(header)


def frames(header, length, count=3):
    return (header + bytes(length - len(header))) * count


CR3 = b"\0\0\0\x18ftypcrx \0\0\0\1crx isom"
MAKE, REDUCED, SUB_DIRECTORIES = (271, 8), (254, 1), (330, 8)
PICTURES = {
    "heic": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "image/heic"),
    "heic that calls itself mif1": (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "image/heic"),
    "avif that calls itself mif1": (b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif", "image/avif"),
    "jxl codestream": (b"\xff\x0a\xfa\x1f", "image/jxl"),
    "jxl": (b"\0\0\0\x0cJXL \r\n\x87\n", "image/jxl"),
    "jp2": (b"\0\0\0\x0cjP  \r\n\x87\n", "image/jp2"),
    "jpeg 2000 codestream": (b"\xff\x4f\xff\x51\0\x2f", "image/jp2"),
    "psd": (b"8BPS\0\1", "image/vnd.adobe.photoshop"),
    "psb": (b"8BPS\0\2", "image/vnd.adobe.photoshop"),
    "bmp": (bitmap(), "image/bmp"),
    "bmp of OS/2": (bitmap(12), "image/bmp"),
    "icon": (struct.pack("<3H4B2H2I", 0, 1, 1, 16, 16, 0, 0, 1, 32, 99, 22), "image/x-icon"),
    "dds": (b"DDS \x7c\0\0\0", "image/vnd.ms-dds"),
    "targa": (bytes(40) + b"TRUEVISION-XFILE.\0", "image/x-tga"),
    "tiff": (tiff(REDUCED, MAKE), "image/tiff"),
    "tiff with smaller copies": (tiff(MAKE, SUB_DIRECTORIES), "image/tiff"),
    "big tiff": (b"II+\0\x08\0\0\0", "image/tiff"),
    "dng": (tiff((50706, 4)), "image/x-raw"),
    "nef, arw": (tiff(REDUCED, MAKE, SUB_DIRECTORIES), "image/x-raw"),
    "cr2": (b"II*\0\x10\0\0\0CR\2\0", "image/x-raw"),
    "cr3": (CR3, "image/x-raw"),
    "raf": (b"FUJIFILMCCD-RAW 0201", "image/x-raw"),
    "orf": (b"IIRO\x08\0\0\0", "image/x-raw"),
    "rw2": (b"IIU\0\x18\0\0\0", "image/x-raw"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
    "svg with a prolog": (
        (
            b'<?xml version="1.0"?>\n<!-- by hand -->\n<!DOCTYPE svg PUBLIC "a" "b" [<!ENTITY c "d">]>\n'
            b"<svg:svg/>"
        ),
        "image/svg+xml",
    ),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_known_by_its_first_bytes_and_can_be_rendered(name):
    head, media_type = PICTURES[name]
    sniffed = sniff(head)

    assert (sniffed.kind, sniffed.media_type) == (AssetKind.IMAGE, media_type)
    assert is_picture(media_type)


@pytest.mark.parametrize("ending", [".jpg", ".png", ".webp", ".tif", ".gif", ".avif"])
def test_what_libvips_writes_is_known(ending):
    sniffed = sniff(photograph(32, 32).write_to_buffer(ending)[:4096])

    assert sniffed.kind is AssetKind.IMAGE and is_picture(sniffed.media_type)


OTHERS = {
    "mp4": (b"\0\0\0\x20ftypisom", "video/mp4"),
    "m4v": (b"\0\0\0\x20ftypM4V ", "video/mp4"),
    "mov": (b"\0\0\0\x14ftypqt  ", "video/quicktime"),
    "mov without a brand": (b"\0\0\0\x08wide\0\1\0\0mdat", "video/quicktime"),
    "3gp": (b"\0\0\0\x20ftyp3gp5", "video/3gpp"),
    "matroska": (b"\x1aE\xdf\xa3\xa3\x42\x82\x88matroska", "video/x-matroska"),
    "webm": (b"\x1aE\xdf\xa3\x9f\x42\x82\x84webm", "video/webm"),
    "transport stream": (frames(b"\x47\x40\0\x10", 188), "video/mp2t"),
    "transport stream of a camcorder": (frames(b"\0\0\0\0\x47\x40\0\x10", 192), "video/mp2t"),
    "flv": (b"FLV\1\5\0\0\0\x09", "video/x-flv"),
    "wmv": (bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), "video/x-ms-asf"),
    "avi": (b"RIFF\0\0\0\0AVI LIST", "video/x-msvideo"),
    "theora": (b"OggS\0\2" + bytes(22) + b"\x80theora", "video/ogg"),
    "mxf": (bytes.fromhex("060e2b34020501010d01020101020400"), "video/mxf"),
    "m4a": (b"\0\0\0\x20ftypM4A ", "audio/mp4"),
    "ogg": (b"OggS\0\2" + bytes(22) + b"OpusHead", "audio/ogg"),
    "flac": (b"fLaC\0\0\0\x22", "audio/flac"),
    "wav": (b"RIFF\0\0\0\0WAVEfmt ", "audio/wav"),
    "wav over four gigabytes": (b"RF64\xff\xff\xff\xffWAVEds64", "audio/wav"),
    "aiff": (b"FORM\0\0\0\0AIFFCOMM", "audio/aiff"),
    "amr": (b"#!AMR\n\x3c", "audio/amr"),
    "mp3 with tags": (b"ID3\4\0\0\0\0\0\0", "audio/mpeg"),
    # 128 kbit/s at 44.1 kHz; with a checksum; MPEG-2 at 24 kHz; MPEG-2.5 at 8 kHz; Layer II.
    "mp3": (frames(b"\xff\xfb\x90\x64", 417), "audio/mpeg"),
    "mp3 with a checksum": (frames(b"\xff\xfa\x90\x64", 417), "audio/mpeg"),
    "mp3 of version 2": (frames(b"\xff\xf3\x84\xc4", 192), "audio/mpeg"),
    "mp3 of version 2.5": (frames(b"\xff\xe3\x18\xc4", 72), "audio/mpeg"),
    "mp2": (frames(b"\xff\xfd\xa4\x04", 576), "audio/mpeg"),
    "aac": (frames(b"\xff\xf1\x50\x80\x10\0\xfc", 128), "audio/aac"),
    "pdf": (b"%PDF-1.7\n", "application/pdf"),
    "docx": (
        b"PK\3\4\x14\0\6\0\x08\0[Content_Types].xml..PK\3\4\0\0word/document.xml",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    "odt": (
        b"PK\3\4" + bytes(26) + b"mimetypeapplication/vnd.oasis.opendocument.textPK",
        "application/vnd.oasis.opendocument",
    ),
    "epub": (b"PK\3\4" + bytes(26) + b"mimetypeapplication/epub+zipPK", "application/epub+zip"),
    "eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n", "application/postscript"),
    "webvtt": (b"WEBVTT\n\n00:01.000 --> 00:02.000\nHello", "text/vtt"),
    "subrip": (b"\xef\xbb\xbf1\r\n00:00:01,000 --> 00:00:02,000\r\nHello", "application/x-subrip"),
    "html": (b"<!doctype HTML><p>", "text/html"),
    "html in another encoding": ("\ufeff<html>".encode("utf-16-le"), "text/html"),
    "html with a drawing": (b"<html><svg></svg></html>", "text/html"),
    "html behind a comment": (b"  <!-- hello --><script>1</script>", "text/html"),
    "xhtml": (b"<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'/>", "text/html"),
    "xml": (b"<?xml version='1.0'?><feed/>", "application/xml"),
    "text": (b"Nothing to see here.", "text/plain"),
    "text that begins like a bitmap": (b"BMW and Fiat, a comparison of two cars", "text/plain"),
    "text that begins like a sound": (b"ID3 is how sounds say what they are.", "text/plain"),
    "text that looks like a stream": (b"G" * 4096, "text/plain"),
    "text cut within a letter": (("é" * 10).encode()[:-1], "text/plain"),
    "text with accents of Windows": ("Größe und Höhe einer Tür".encode("cp1252"), "text/plain"),
    "text of Windows": ("\ufeffHello".encode("utf-16-le"), "text/plain"),
    "table": (b"a;b;c\r\n1;2;3\r\n", "text/plain"),
    "source code": (b"#!/bin/sh\necho hello\n", "text/plain"),
    "zip": (b"PK\3\4\x14\0\0\0\x08\0password/list.txt", "application/zip"),
    "playlist of addresses": (b"#EXTM3U\n/etc/passwd\n", "application/vnd.apple.mpegurl"),
    "list of pieces": (b"ffconcat version 1.0\nfile /etc/passwd\n", "application/x-ffconcat"),
    "tar": (bytes(257) + b"ustar\0", "application/x-tar"),
    "program": (b"\x7fELF\2\1\1\0", "application/octet-stream"),
    "program of Windows": (b"MZ\x90\0\3\0\0\0", "application/octet-stream"),
    "noise": (bytes(range(128, 256)) * 4, "application/octet-stream"),
    "nothing": (b"", "application/octet-stream"),
}
KINDS = {"video": AssetKind.VIDEO, "audio": AssetKind.AUDIO, "text": AssetKind.DOCUMENT}
NO_DOCUMENTS = ("zip", "playlist of addresses", "list of pieces", "tar", "nothing", "noise")


@pytest.mark.parametrize("name", OTHERS)
def test_everything_else_is_known_by_its_first_bytes(name):
    head, media_type = OTHERS[name]
    is_other = name in NO_DOCUMENTS or name.startswith("program")
    kind = KINDS.get(media_type.split("/")[0], AssetKind.DOCUMENT)

    sniffed = sniff(head)

    assert (sniffed.kind, sniffed.media_type) == (AssetKind.OTHER if is_other else kind, media_type)
    assert not is_picture(media_type)


def test_one_frame_that_nothing_follows_is_noise():
    assert sniff(b"\xff\xfb\x90\x64" + bytes(4092)).kind is AssetKind.OTHER


def test_a_polyglot_is_what_its_first_bytes_say():
    jpeg = photograph(32, 32).jpegsave_buffer()

    assert sniff(jpeg + b"<script>alert(1)</script>PK\3\4%PDF-1.7").media_type == "image/jpeg"
    assert sniff(b"GIF89a/*<script>*/=1;").media_type == "image/gif"
    assert sniff(b"<html>" + jpeg[:100]).kind is AssetKind.OTHER


@given(st.binary(max_size=64))
def test_any_bytes_are_something(head):
    assert sniff(head).media_type


@given(st.sampled_from([head for head, _ in PICTURES.values()]), st.binary(max_size=64))
def test_any_bytes_behind_a_beginning_are_something(head, tail):
    assert sniff(head + tail).media_type and sniff(head[: len(tail)] + tail).media_type
