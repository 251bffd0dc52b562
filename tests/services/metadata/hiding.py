"""Hide the word `hush` in files, in places where ExifTool and ffmpeg do not write."""

import zlib


def insert_segments(content: bytes) -> bytes:
    """Add what ExifTool does not write: preview pictures, private segments, bytes behind the end."""
    segments = b""
    for marker in (0xE0, 0xE2, 0xE3, 0xEB, 0xED, 0xEE, 0xFE):
        payload = b"hush-segment" * 9
        segments += bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2) + payload
    adobe = b"\xff\xee\x00\x12Adobe\x00d\x00\x00\x00\x00\x01hush"
    jfif = b"\xff\xe0\x00\x1cJFIF\x00\x01\x02\x01\x00\x48\x00\x48\x02\x02hush-preview"
    return b"\xff\xd8" + jfif + adobe + segments + content[2:] + b"hush-behind" + content


def insert_chunks(content: bytes) -> bytes:
    """Add private chunks and bytes behind the end to a PNG."""
    added = b"".join(
        len(payload).to_bytes(4) + name + payload + zlib.crc32(name + payload).to_bytes(4)
        for name, payload in (
            (b"prVt", b"hush-private"),
            (b"tEXt", b"Author\x00hush-author"),
            (b"tIME", b"\x07\xe8\x05\x06\x07\x08\x09"),
        )
    )
    return content[:33] + added + content[33:-12] + added + content[-12:] + b"hush-behind"


def insert_riff(content: bytes) -> bytes:
    """Add chunks of other programs to a RIFF file, and bytes behind its end."""
    chunks = b"".join(
        name + len(payload).to_bytes(4, "little") + payload + b"\x00" * (len(payload) % 2)
        for name, payload in (
            (b"bext", b"hush-broadcast".ljust(602, b"\x00")),
            (b"iXML", b"<hush/>"),
            (b"id3 ", b"hush-id3"),
            (b"junk", b"hush-junk"),
            (b"LIST", b"adtl" + b"labl\x09\x00\x00\x00\x01\x00\x00\x00hush\x00\x00"),
        )
    )
    whole = content + b"\x00" * (len(content) % 2) + chunks
    return whole[:4] + (len(whole) - 8).to_bytes(4, "little") + whole[8:] + b"hush-behind"


def insert_extensions(content: bytes) -> bytes:
    """Add a comment and an application's block to a GIF, and bytes behind its end."""
    comment = b"\x21\xfe\x0chush-comment\x00"
    block = b"\x21\xff\x0bHUSHAPP\x001.0\x0ahush-block\x00"
    return content[:-1] + comment + block + b";" + b"hush-behind"


def insert_boxes(content: bytes) -> bytes:
    """Make the track of words one of positions, and add boxes of makers."""
    content = content.replace(b"sbtl", b"meta").replace(b"mhlrtext", b"mhlrmeta", 1)
    content = content.replace(b"tx3g", b"gpmd")
    boxes = b"".join(
        (len(payload) + 8).to_bytes(4) + kind + payload
        for kind, payload in (
            (b"uuid", b"\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xachush-xmp"),
            (b"free", b"hush-free"),
            (b"thum", b"hush-thumbnail"),
        )
    )
    return content + boxes + b"\xff\xff\xff\xffhush-behind"


def add_id3v1(content: bytes) -> bytes:
    """Add the tags at the tail of an MP3 that other programs write."""
    item = b"\x0a\x00\x00\x00\x00\x00\x00\x00Title\x00hush-title"
    size = (len(item) + 32).to_bytes(4, "little")
    ape = b"APETAGEX\xd0\x07\x00\x00" + size + b"\x01\x00\x00\x00" + bytes(12)
    lyrics = b"LYRICSBEGINLYR00011hush-lyrics"
    lyrics += f"{len(lyrics):06}LYRICS200".encode()
    return content + item + ape + lyrics + b"TAG" + b"hush-old-title".ljust(125, b"\x00")
