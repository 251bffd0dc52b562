"""Clean the descriptions of codecs (ISO/IEC 14496-12 section 8.5.2, QuickTime sample descriptions).

They keep their length: what goes becomes free space, filled with zeros.
"""

from collections.abc import Iterator

from services.metadata.boxes import Box, read_boxes
from services.metadata.movie_tracks import PICTURES
from services.metadata.splices import MetadataUnsupported, Splice
from services.metadata.window import Window, damaged

#: Codecs whose samples are pictures or sounds and no files of their own, as those of JPEG are.
_CODECS = frozenset({
    *(b"avc1", b"avc3", b"hvc1", b"hev1", b"dvh1", b"dvhe", b"dvav", b"dva1", b"av01", b"vp08"),
    *(b"vp09", b"mp4v", b"apch", b"apcn", b"apcs", b"apco", b"ap4h", b"ap4x", b"s263", b"h263"),
    *(b"mp4a", b"ac-3", b"ec-3", b"Opus", b"fLaC", b"alac", b"lpcm", b"sowt", b"twos", b"in24"),
    *(b"in32", b"fl32", b"fl64", b"ulaw", b"alaw", b"samr", b"sawb", b"ipcm", b"fpcm", b".mp3"),
})  # fmt: skip
#: What decoders and players need beside them.
_KEPT = frozenset({
    *(b"avcC", b"hvcC", b"av1C", b"vpcC", b"esds", b"d263", b"damr", b"dac3", b"dec3", b"dOps"),
    *(b"dfLa", b"alac", b"wave", b"chan", b"chnl", b"srat", b"pcmC", b"SA3D", b"btrt", b"colr"),
    *(b"pasp", b"clap", b"fiel", b"gama", b"dvcC", b"dvvC", b"dvwC", b"hvcE", b"lhvC", b"mdcv"),
    *(b"clli", b"SmDm", b"CoLL", b"st3d", b"sv3d", b"vexu", b"hfov", b"amve", b"ccst", b"auxi"),
})  # fmt: skip
_DROPPED = frozenset({b"free", b"skip", b"uuid", b"udta", b"meta", b"name"})
_FIRST_ENTRY_AT = 8
_VENDOR_AT, _VENDOR_BYTES = 12, 4
_COMPRESSOR_AT, _COMPRESSOR_BYTES = 42, 32
_PICTURE_BYTES = 78
_VERSION_AT = 8
_CHANNELS_AT, _BITS_AT, _BITS_OF_A_BYTE = 16, 18, 8
_PCM_WIDTHS = {
    b"sowt": 2,
    b"twos": 2,
    b"in24": 3,
    b"in32": 4,
    b"fl32": 4,
    b"fl64": 8,
    b"ulaw": 1,
    b"alaw": 1,
}
_SOUND_BYTES = {0: 28, 1: 44, 2: 64}
#: Head, version and flags, and one STREAMINFO block: other blocks of FLAC are tags and covers.
_PLAIN_FLAC_BYTES = 8 + 4 + 38
_BOX_BYTES = 8


def clean_sample_entries(window: Window, table: Box, kind: bytes) -> Iterator[Splice]:
    """Clean all descriptions of a track.

    Raises:
        MetadataUnsupported: a codec is unknown, or something in its description is.
    """
    for entry in read_boxes(window, table.body + _FIRST_ENTRY_AT, table.end):
        if entry.kind not in _CODECS:
            name = entry.kind.decode("latin-1")
            raise MetadataUnsupported(f"What is in a film coded as {name!r} cannot be told")
        yield from _forget_makers(window, entry, kind)
        yield from _clean_extensions(window, entry, entry.body + _fixed_bytes(window, entry, kind))


def pcm_frame_bytes(window: Window, table: Box) -> int:
    """Say how many bytes the samples of all channels at one moment have, or 0 if it is not PCM.

    QuickTime counts uncompressed sound in such frames, and gives their size as 1 (QuickTime File
    Format, sound sample descriptions).
    """
    sizes = {
        _frame_bytes(window, entry)
        for entry in read_boxes(window, table.body + _FIRST_ENTRY_AT, table.end)
    }
    return sizes.pop() if len(sizes) == 1 else 0


def _frame_bytes(window: Window, entry: Box) -> int:
    version, channels, bits = (
        window.number(entry.body + at, 2) for at in (_VERSION_AT, _CHANNELS_AT, _BITS_AT)
    )
    if version not in {0, 1}:
        return 0
    width = 1 if bits == _BITS_OF_A_BYTE else _PCM_WIDTHS.get(entry.kind, 0)
    return channels * width if entry.kind in _PCM_WIDTHS else 0


def _fixed_bytes(window: Window, entry: Box, kind: bytes) -> int:
    if kind == PICTURES:
        return _PICTURE_BYTES
    version = window.number(entry.body + _VERSION_AT, 2)
    if version not in _SOUND_BYTES:
        raise damaged("a sound has an unknown version")
    return _SOUND_BYTES[version]


def _forget_makers(window: Window, entry: Box, kind: bytes) -> Iterator[Splice]:
    fields = [(_VENDOR_AT, _VENDOR_BYTES)]
    if kind == PICTURES:
        fields += [(_COMPRESSOR_AT, _COMPRESSOR_BYTES)]
    for at, length in fields:
        start = entry.body + at
        if start + length > entry.end:
            raise damaged("the description of a codec is too short")
        if any(window.read(start, length)):
            yield Splice(start, start + length, bytes(length))


def _clean_extensions(window: Window, entry: Box, at: int) -> Iterator[Splice]:
    end = max(at, entry.end)
    while end - at >= _BOX_BYTES:
        box = next(read_boxes(window, at, entry.end))
        is_tagged = box.kind == b"dfLa" and box.end - box.start != _PLAIN_FLAC_BYTES
        if box.kind in _DROPPED:
            yield Splice(box.start + 4, box.end, b"free" + bytes(box.end - box.start - 8))
        elif box.kind not in _KEPT or is_tagged:
            name = box.kind.decode("latin-1")
            raise MetadataUnsupported(f"What the part {name!r} of this film holds cannot be told")
        at = box.end
