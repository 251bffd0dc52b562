import struct

import av
import pytest

from services.bytesource import LocalFile
from services.metadata.boxes import read_boxes, write_box
from services.metadata.movie import _spare_heads
from services.metadata.packet import Packet
from services.metadata.removal import remove
from services.metadata.splices import MetadataUnsupported, Splice, SplicedSource
from services.metadata.window import HeldBytes, Window
from tests.services.metadata.samples import SECRET, media_type, run_ffmpeg, see

FILM = ["-f", "lavfi", "-i", "testsrc2=d=1:s=96x64:r=10"]
SOUND = ["-f", "lavfi", "-i", "sine=d=1"]


@pytest.fixture
def record(samples):
    """Let ffmpeg write a file once."""
    return lambda name, *options: samples.named(name, lambda path: run_ffmpeg(*options, path))


@pytest.fixture
def strip(samples):
    """Remove the metadata of a file, or of given bytes, and give the path of what is left."""

    def strip_one(path, content=None):
        if content is not None:
            path = path.with_name(f"{hash(content):x}{path.suffix}")
            path.write_bytes(content)
        return samples.change(path, remove(media_type(path), LocalFile(path)), "bare")

    return strip_one


def refuse(kind, content, reason):
    with pytest.raises(MetadataUnsupported, match=reason):
        remove(kind, HeldBytes(content))


def find(content, *kinds):
    """Find a box by its path; of several the first."""
    window, start, end, box = Window.over(content), 0, len(content), None
    for kind in kinds:
        box = next(one for one in read_boxes(window, start, end) if one.kind == kind)
        start, end = box.body, box.end
    return box


def test_positions_go_with_their_track_and_their_bytes(samples, strip):
    rich = samples.rich("mp4")
    bare = strip(rich)

    assert rich.read_bytes().count(b"hush-position") == 3
    assert b"hush-position" not in bare.read_bytes()
    with av.open(str(bare)) as film:
        assert [stream.type for stream in film.streams] == ["video", "audio"]
        assert film.chapters() == []


def test_subtitles_that_may_be_positions_are_refused(samples, record):
    words = samples.named(
        "words.srt", lambda path: path.write_text("1\n00:00:00,0 --> 00:00:01,0\nHi\n")
    )
    film = record("words.mp4", *FILM, "-i", words, "-c:s", "mov_text")
    refuse("video/mp4", film.read_bytes(), "Subtitles")


def test_a_film_in_fragments_is_refused(record):
    film = record("pieces.mp4", *FILM, "-movflags", "frag_keyframe+empty_moov")
    refuse("video/mp4", film.read_bytes(), "fragments")


def test_a_film_with_large_offsets_and_a_large_head_plays_as_before(record, strip):
    path = record("late.mp4", *FILM)
    content = path.read_bytes()
    free, data = find(content, b"free"), find(content, b"mdat")
    assert free.end == data.start and free.end - free.start == 8
    large = struct.pack(">I4sQ", 1, b"mdat", data.end - free.start)
    content = content[: free.start] + large + content[data.body :]
    way = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stco")
    table = find(content, *way)
    count = int.from_bytes(content[table.body + 4 : table.body + 8])
    offsets = struct.unpack(f">{count}I", content[table.body + 8 : table.end])
    wide = write_box(
        b"co64", content[table.body : table.body + 8], struct.pack(f">{count}Q", *offsets)
    )
    changed = bytearray(content)
    for depth in range(1, len(way)):
        box = find(content, *way[:depth])
        size = box.end - box.start + 4 * count
        changed[box.start : box.start + 4] = size.to_bytes(4)
    whole = bytes(changed[: table.start]) + wide + content[table.end :]
    bare = strip(path, whole)

    assert see(bare) == see(path)
    assert find(bare.read_bytes(), b"mdat").end - find(bare.read_bytes(), b"mdat").body < len(
        content
    )
    assert b"co64" in bare.read_bytes() and b"Lavf" not in bare.read_bytes()


def test_uncompressed_sound_of_quicktime_keeps_every_sample(record, strip):
    path = record("stereo.mov", *SOUND, "-ac", "2", "-c:a", "pcm_s16le")
    content = path.read_bytes()
    sizes = find(content, b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsz").body + 4
    assert content[sizes : sizes + 4] == b"\x00\x00\x00\x04"
    bare = strip(path, content[:sizes] + b"\x00\x00\x00\x01" + content[sizes + 4 :])

    assert see(bare) == see(path)
    assert len(see(bare)) > 1


def test_sizes_written_in_their_short_form_are_read(record, strip):
    path = record("short.m4a", *SOUND)
    content = path.read_bytes()
    box = find(content, b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsz")
    count = int.from_bytes(content[box.body + 8 : box.body + 12])
    sizes = struct.unpack(f">{count}I", content[box.body + 12 : box.end])
    short = write_box(b"stz2", bytes(7), b"\x10", struct.pack(f">I{count}H", count, *sizes))
    free = write_box(b"free", b"hush".ljust(box.end - box.start - len(short) - 8))
    bare = strip(path, content[: box.start] + short + free + content[box.end :])

    assert see(bare) == see(path)
    assert SECRET not in bare.read_bytes()


def test_sound_that_does_not_say_where_it_ends_is_refused(record):
    content = record("one.m4a", *SOUND).read_bytes()
    sizes = find(content, b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsz").body + 4
    refuse(
        "audio/mp4",
        content[:sizes] + b"\x00\x00\x00\x01" + content[sizes + 4 :],
        "where its pieces end",
    )


def test_what_is_coded_in_an_unknown_way_is_refused(samples):
    content = samples.clean("mp4").read_bytes()
    refuse("video/mp4", content.replace(b"avc1\x00", b"jpeg\x00", 1), "'jpeg' cannot be told")
    refuse("video/mp4", content.replace(b"avcC", b"hush", 1), "'hush' of this film")


def test_data_in_another_file_is_refused(samples):
    content = samples.clean("mp4").read_bytes()
    refuse(
        "video/mp4",
        content.replace(b"url \x00\x00\x00\x01", b"url \x00\x00\x00\x00"),
        "another file",
    )


def test_makers_and_encoders_are_not_named(samples, strip):
    bare = strip(samples.rich("mov")).read_bytes()

    assert b"FFMP" not in bare and b"libx264" not in bare.split(b"x264 - core")[0]
    assert b"VideoHandler" not in bare


def test_the_heads_of_chunks_that_one_maker_writes_stay():
    content = (b"GP\x00\x03" + bytes(12) + b"frame....") * 3
    heads = [Splice(at, at + 16) for at in range(0, len(content), 25)]
    position = Splice(9, 20)

    assert _spare_heads(Window.over(content), [position, *heads]) == [position]
    assert _spare_heads(Window.over(content.replace(b"GP", b"LA")), heads) == heads


def test_all_tags_round_an_mp3_go(samples, strip):
    clean = strip(samples.clean("mp3")).read_bytes()
    old = b"LYRICSBEGINhush-old-lyricsLYRICSEND"
    footer = b"ID3\x04\x00\x10\x00\x00\x00\x04hush3DI\x04\x00\x10\x00\x00\x00\x04"
    enhanced = b"TAG+hush".ljust(227, b"\x00") + b"TAGhush".ljust(128, b"\x00")
    item = b"\x04\x00\x00\x00\x00\x00\x00\x00Note\x00hush"
    size = (len(item) + 32).to_bytes(4, "little")
    ape = [b"APETAGEX\xd0\x07\x00\x00" + size + b"\x01\x00\x00\x00" + flags + bytes(8)
           for flags in (b"\x00\x00\x00\xa0", b"\x00\x00\x00\x80")]  # fmt: skip
    head = footer + ape[0] + item + ape[1] + bytes(20)
    tail = old + footer + ape[0] + item + ape[1] + enhanced
    bare = strip(samples.clean("mp3"), head + clean + tail)

    assert bare.read_bytes() == clean


def test_the_seek_table_of_a_flac_stays(samples, strip):
    content = samples.clean("flac").read_bytes()
    table = b"\x03\x00\x00\x12" + bytes(18)
    hidden = b"\x02\x00\x00\x08hushhush" + b"\x05\x00\x00\x04hush"
    id3 = b"ID3\x04\x00\x00\x00\x00\x00\x04hush"
    whole = id3 + content[:42] + hidden + table + content[42:] + b"TAGhush".ljust(128, b"\x00")
    bare = strip(samples.clean("flac"), whole).read_bytes()

    assert bare[:64] == content[:42] + b"\x83" + table[1:]
    assert SECRET not in bare and bare[64:66] == b"\xff\xf8"


def test_a_wav_larger_than_it_can_say_is_refused(samples):
    content = samples.clean("wav").read_bytes()
    refuse("audio/wav", content[:4] + b"\xff" * 4 + content[8:], "shorter than it says")
    refuse("audio/wav", b"RF64" + content[4:], "no RIFF")


def test_a_wav_whose_last_byte_was_forgotten_is_mended(samples, strip):
    content = samples.clean("wav").read_bytes()
    at = content.index(b"data") + 4
    odd = content[:at] + (101).to_bytes(4, "little") + content[at + 4 : at + 105]
    whole = odd[:4] + (len(odd) - 8).to_bytes(4, "little") + odd[8:]
    kept = remove("audio/wav", HeldBytes(whole), Packet.minimum("(c) A"))
    spliced = SplicedSource(HeldBytes(whole), kept)
    mended = spliced.read_at(0, spliced.size_bytes)

    assert int.from_bytes(mended[4:8], "little") == len(mended) - 8
    assert mended.endswith(b"\x00LIST\x12\x00\x00\x00INFOICOP\x06\x00\x00\x00(c) A\x00")


def test_two_streams_in_one_ogg_are_refused(samples):
    content = samples.clean("ogg").read_bytes()
    refuse("audio/ogg", content * 2, "more than one stream")
    refuse("audio/ogg", content + b"hush", "between its pages|too early")


def test_the_notes_of_vorbis_go_and_its_codebooks_stay(record, strip):
    path = record("notes.ogg", *SOUND, "-c:a", "libvorbis", "-metadata", "title=hush")
    bare = strip(path)

    assert SECRET in path.read_bytes() and SECRET not in bare.read_bytes()
    assert see(bare) == see(path)


def test_ogg_without_opus_or_vorbis_is_refused(record):
    path = record("flac.ogg", *SOUND, "-c:a", "flac")
    refuse("audio/ogg", path.read_bytes(), "only Opus and Vorbis")


def test_pictures_and_sound_are_not_moved_where_the_index_in_front_becomes_shorter(record):
    film = ["-f", "lavfi", "-i", "testsrc2=d=9:s=64x48:r=25", "-f", "lavfi", "-i", "sine=d=9"]
    notes = ["-metadata", "title=hush", "-movflags", "+faststart"]
    content = record("long.mp4", *film, *notes).read_bytes()
    splices = remove("video/mp4", HeldBytes(content))
    source = SplicedSource(HeldBytes(content), splices)
    bare, data = source.read_at(0, source.size_bytes), find(content, b"mdat")

    assert find(content, b"moov").start < data.start and SECRET not in bare
    assert bare[data.start : data.end] == content[data.start : data.end]
