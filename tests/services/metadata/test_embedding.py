import re

import pytest
import pyvips
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from services.bytesource import LocalFile
from services.metadata.embedding import embed
from services.metadata.packet import Packet
from services.metadata.splices import MetadataUnsupported, SplicedSource
from services.metadata.window import HeldBytes
from tests.photographs import photograph
from tests.services.metadata.samples import (
    FILMS,
    KINDS,
    PICTURES,
    add_alpha,
    media_type,
    read_tags,
    run_ffmpeg,
    see,
)

FULL = Packet(
    "© 2026 Müller & Söhne", "Ánna <Larsen>", "Lärche", "A second, 日本", ("larch", "oak")
)
NOTICE = Packet.minimum("© 2026 Müller")
_XMP = {
    "XMP-dc:Rights": FULL.copyright,
    "XMP-xmpRights:Marked": "True",
    "XMP-dc:Creator": FULL.creator,
    "XMP-dc:Title": FULL.title,
    "XMP-dc:Description": FULL.description,
    "XMP-dc:Subject": "['larch', 'oak']",
}
_EXIF = {
    "IFD0:Copyright": FULL.copyright,
    "IFD0:Artist": FULL.creator,
    "IFD0:ImageDescription": FULL.description,
}


def _fields(group, names, keywords=None):
    values = (FULL.title, FULL.creator, FULL.copyright, FULL.description)
    found = {f"{group}:{name}": value for name, value in zip(names, values, strict=True)}
    return found | ({f"{group}:{keywords}": "larch, oak"} if keywords else {})


_ITUNES = _fields("ItemList", ("Title", "Artist", "Copyright", "Description"), "Keyword")
_COMMENTS = _fields("Vorbis", ("Title", "Artist", "Copyright", "Description"), "Keywords")
TOLD = {
    **dict.fromkeys(("jpg", "tif"), _XMP | _EXIF),
    **dict.fromkeys(("png", "gif", "avif", "heic"), _XMP),
    "webp": _XMP | {"RIFF:WebP_Flags": "XMP"},
    **dict.fromkeys(("mp4", "mov", "m4a"), _ITUNES),
    "mp3": _XMP | _fields("ID3v2_4", ("Title", "Artist", "Copyright", "Comment-xxx")),
    "flac": _COMMENTS | {"Vorbis:Vendor": ""},
    "ogg": _COMMENTS | {"Vorbis:Vendor": ""},
    "wav": _fields("RIFF", ("Title", "Artist", "Copyright", "Comment"), "Keywords")
    | {
        "RIFF:CodePage": "65001",
        "RIFF:CountryCode": "0",
        "RIFF:LanguageCode": "0",
        "RIFF:Dialect": "0",
    },
}
#: Where things are and how many bytes they have; that changes with a packet.
_PLACES = re.compile(r"Offset|ByteCounts|MediaData|:ID3Size|HandlerVendorID|:HandlerType")


def embed_in(samples, path, packet=FULL, name="embedded"):
    return samples.change(path, embed(media_type(path), LocalFile(path), packet), name)


@pytest.mark.parametrize("kind", KINDS)
def test_not_a_pixel_and_not_a_sample_changes(samples, kind):
    assert see(embed_in(samples, samples.clean(kind))) == see(samples.clean(kind))


@pytest.fixture(scope="module")
def told(samples):
    """What ExifTool reads in each kind of file, before and after."""
    clean = [samples.clean(kind) for kind in KINDS]
    tags = read_tags([*clean, *(embed_in(samples, path) for path in clean)])
    return {
        kind: (tags[samples.clean(kind)], tags[samples.folder / "embedded" / f"clean.{kind}"])
        for kind in KINDS
    }


@pytest.mark.parametrize("kind", KINDS)
def test_a_reader_finds_exactly_the_packet(told, kind):
    before, after = told[kind]
    new = {
        name: value
        for name, value in after.items()
        if before.get(name) != value and not _PLACES.search(name)
    }

    assert new == TOLD[kind]
    assert "Lav" not in str(after)


@pytest.mark.parametrize("kind", KINDS)
def test_at_minimum_visibility_only_the_notice_is_in_the_bytes(samples, kind):
    before = samples.clean(kind).read_bytes()
    after = embed_in(samples, samples.clean(kind), NOTICE, "notice").read_bytes()

    assert NOTICE.copyright.encode() in after
    assert not re.search(
        rb"dc:(?!rights)|nam\x00|TIT2|TITLE|INAM|ARTIST", after.replace(before, b"")
    )


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_packet_changes_nothing(samples, kind):
    path = samples.clean(kind)

    assert embed(media_type(path), LocalFile(path), Packet()) == ()


@pytest.mark.parametrize("kind", KINDS)
def test_embedding_again_replaces_what_was_embedded(samples, kind):
    first = embed_in(samples, samples.clean(kind), FULL, "first")
    again = embed_in(samples, first, NOTICE, "again")
    once = embed_in(samples, samples.clean(kind), NOTICE, "once")

    assert FULL.title.encode() not in again.read_bytes()
    assert NOTICE.copyright.encode() in again.read_bytes()
    assert again.read_bytes() == once.read_bytes() or kind in FILMS


@pytest.mark.parametrize("kind", PICTURES)
def test_pillow_opens_every_picture(samples, kind):
    with Image.open(embed_in(samples, samples.clean(kind))) as picture:
        picture.load()

        assert picture.size == (240, 160)


VARIANTS = {
    "lossless.webp": lambda path: add_alpha(photograph()).webpsave(
        path, lossless=True, keep="none"
    ),
    "alpha.webp": lambda path: add_alpha(photograph()).webpsave(path, keep="none"),
    "odd.webp": lambda path: photograph(33, 31).webpsave(path, keep="none"),
    "animated.webp": lambda path: _animate().webpsave(path, keep="none"),
    "animated.gif": lambda path: _animate().gifsave(path),
    "alpha.avif": lambda path: add_alpha(photograph()).heifsave(
        path, compression="av1", effort=0, keep="none"
    ),
    "profile.avif": lambda path: (
        photograph().icc_transform("p3").heifsave(path, compression="av1", effort=0, keep="icc")
    ),
    "deep.png": lambda path: photograph().cast("ushort").pngsave(path, keep="none"),
    "big.tif": lambda path: photograph().tiffsave(path, bigtiff=True, tile=True, keep="none"),
    "jpeg.tif": lambda path: photograph().tiffsave(path, compression="jpeg", keep="none"),
    "cmyk.jpg": lambda path: photograph().icc_transform("cmyk").jpegsave(path, keep="icc"),
    "grey.jpg": lambda path: photograph().colourspace("b-w").jpegsave(path, keep="none"),
    "pcm.mov": lambda path: run_ffmpeg("-f", "lavfi", "-i", "sine=d=1", "-c:a", "pcm_s16le", path),
    "vp9.mp4": lambda path: run_ffmpeg(
        "-f", "lavfi", "-i", "testsrc2=d=1:s=96x64:r=5", "-c:v", "libvpx-vp9", path
    ),
    "vorbis.ogg": lambda path: run_ffmpeg(
        "-f", "lavfi", "-i", "sine=d=1", "-c:a", "libvorbis", path
    ),
}


def _animate():
    frames = [photograph(64, 48, seed) for seed in range(3)]
    movie = pyvips.Image.arrayjoin(frames, across=1).copy()
    movie.set_type(pyvips.GValue.gint_type, "page-height", 48)
    movie.set_type(pyvips.GValue.array_int_type, "delay", [100, 200, 300])
    return movie


@pytest.mark.parametrize("name", VARIANTS)
def test_every_form_of_a_container_carries_a_packet_unharmed(samples, name):
    path = samples.named(name, lambda path: VARIANTS[name](str(path)))
    embedded = embed_in(samples, path)

    assert see(embedded) == see(path)
    assert FULL.creator.split(" <", maxsplit=1)[0].encode() in embedded.read_bytes()


def test_a_reader_finds_the_notice_in_every_form(samples):
    paths = [
        samples.named(name, lambda path, write=write: write(str(path)))
        for name, write in VARIANTS.items()
    ]
    embedded = [embed_in(samples, path) for path in paths]
    tags = read_tags(embedded)

    for path in embedded:
        assert FULL.copyright in tags[path].values()


def test_the_notes_of_a_sound_with_a_cover_on_many_pages_are_replaced(samples):
    def write(path):
        path.write_bytes(samples.clean("ogg").read_bytes())
        notes = path.with_suffix(".txt")
        notes.write_text(f";FFMETADATA1\nlyrics={'la ' * 60_000}\n")
        run_ffmpeg(
            "-i", samples.clean("ogg"), "-i", notes, "-map_metadata", "1", "-c", "copy", path
        )

    path = samples.named("long.ogg", write)
    embedded = embed_in(samples, path)

    assert see(embedded) == see(path)
    assert b"la la la" in path.read_bytes() and b"la la la" not in embedded.read_bytes()


def test_only_the_head_of_a_jpeg_is_read(samples):
    path = samples.named("large.jpg", lambda path: photograph(1600, 1200).jpegsave(str(path), Q=95))
    content, read = path.read_bytes(), []

    class Counted(HeldBytes):
        def read_at(self, offset, length):
            block = super().read_at(offset, length)
            read.append(len(block))
            return block

    embed("image/jpeg", Counted(content), FULL)
    assert sum(read) <= 64 << 10 < len(content) // 4


@pytest.mark.parametrize(
    ("type_", "reason"),
    [
        ("video/webm", "places that would move"),
        ("application/pdf", "signed or encrypted"),
        ("text/plain", "not understood"),
        ("application/octet-stream", "not understood"),
    ],
)
def test_what_cannot_carry_a_packet_says_why(type_, reason):
    with pytest.raises(MetadataUnsupported, match=reason):
        embed(type_, HeldBytes(b"x"), FULL)
    assert embed(type_, HeldBytes(b"x"), Packet()) == ()


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_another_kind_is_refused(samples, kind):
    path = samples.clean(kind)

    with pytest.raises(MetadataUnsupported):
        embed(media_type(path), HeldBytes(b"%PDF-1.7 is no picture and no sound" * 9), FULL)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40)
@given(data=st.data())
def test_damaged_files_are_refused_and_nothing_else_goes_wrong(samples, kind, data):
    path = samples.clean(kind)
    content = bytearray(path.read_bytes())
    head = min(len(content), 3_000)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(
            st.integers(0, head - 1) | st.integers(len(content) - head, len(content) - 1)
        )
        content[at] = data.draw(st.sampled_from((0, 1, 0x7F, 0x80, 0xFF)) | st.integers(0, 255))
    source = HeldBytes(bytes(content[: data.draw(st.sampled_from((len(content), head, 40, 3)))]))
    try:
        splices = embed(media_type(path), source, FULL)
    except MetadataUnsupported:
        return
    SplicedSource(source, splices).read_at(0, source.size_bytes)
