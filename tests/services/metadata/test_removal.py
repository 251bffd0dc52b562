import re

import pytest
import pyvips
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from services.bytesource import LocalFile
from services.metadata.packet import Packet
from services.metadata.removal import remove
from services.metadata.splices import MetadataUnsupported, SplicedSource
from services.metadata.window import HeldBytes
from tests.services.metadata.samples import (
    KINDS,
    SECRET,
    media_type,
    read_tags,
    see,
)

NOTICE = Packet.minimum("© 2026 Müller")
#: Names that no tag of an original without metadata may have, in any group.
_TELLING = re.compile(
    r"GPS|Serial|Thumbnail|Preview(?!Time|Duration)|History|Region|Owner|Make$|Model$|Software|Encoder|Lens|City"
    r"|Comment|Author|Artist|Creator|By-line|Chapter|Location|Document|IPTC|Photoshop|TimeCode"
    r"|Picture$|CoverArt|DateTime|Broadcast",
    re.IGNORECASE,
)
#: A time that says nothing, and a name that means the codec.
_EMPTY_TIMES = {"0000:00:00 00:00:00", "0000-00-00 00:00:00"}


def remove_from(samples, path, keep=None, name="bare"):
    splices = remove(media_type(path), LocalFile(path), keep or Packet())
    return samples.change(path, splices, name)


@pytest.fixture(scope="module")
def told(samples):
    """What ExifTool reads in each kind of file: full of secrets, and without metadata."""
    rich = [samples.rich(kind) for kind in KINDS]
    bare = [remove_from(samples, path) for path in rich]
    tags = read_tags([*rich, *bare])
    return {
        path.suffix[1:]: (tags[path], tags[other]) for path, other in zip(rich, bare, strict=True)
    }


@pytest.mark.parametrize(
    ("kinds", "names"),
    [
        ("jpg webp tif png heic avif", "GPSLatitude SerialNumber HistorySoftwareAgent RegionName"),
        ("jpg webp tif png heic avif", "OwnerName DateTimeOriginal UserComment DocumentID City"),
        ("jpg webp png", "ThumbnailImage Orientation"),
        ("jpg tif", "By-line"),
        ("gif", "HistorySoftwareAgent RegionName GPSLatitude"),
        ("mp4 mov", "HandlerDescription MetaFormat TimeCode SampleTime Title"),
        ("m4a mp3 flac", "Title Artist Comment|Description Picture|CoverArt"),
        ("wav ogg", "Title Artist Comment|Description"),
    ],
)
def test_the_samples_are_full_of_what_removal_has_to_find(told, kinds, names):
    for kind in kinds.split():
        for name in names.split():
            found = [one for one in told[kind][0] if re.search(rf":({name})", one)]
            assert found, f"{kind} has no {name}"


@pytest.mark.parametrize("kind", KINDS)
def test_no_secret_is_left_in_the_bytes(samples, kind):
    assert SECRET in samples.rich(kind).read_bytes()

    bare = remove_from(samples, samples.rich(kind)).read_bytes()
    assert SECRET not in bare.lower()
    assert SECRET.decode().encode("utf-16-le") not in bare


@pytest.mark.parametrize("kind", KINDS)
def test_a_reader_finds_nothing_that_tells(told, kind):
    before, after = told[kind]

    assert [name for name in before if _TELLING.search(name)]
    assert [name for name in after if _TELLING.search(name)] == []
    dates = {value for name, value in after.items() if "Date" in name}
    assert dates <= _EMPTY_TIMES


@pytest.mark.parametrize("kind", KINDS)
def test_not_a_pixel_and_not_a_sample_changes(samples, kind):
    # No decoder finds its way through the tags at the tail of that MP3.
    before = samples.clean(kind) if kind == "mp3" else samples.rich(kind)

    assert see(remove_from(samples, samples.rich(kind))) == see(before)


@pytest.mark.parametrize("kind", ["jpg", "png", "webp"])
def test_orientation_and_profile_stay(samples, kind):
    bare = remove_from(samples, samples.rich(kind))
    image = pyvips.Image.new_from_file(str(bare))

    assert image.get("orientation") == 6
    assert image.get("icc-profile-data") == pyvips.Image.profile_load("srgb")
    with Image.open(bare) as picture:
        assert dict(picture.getexif()) == {274: 6}


def test_the_orientation_and_the_profile_of_a_tiff_stay(samples):
    bare = remove_from(samples, samples.rich("tif"))

    with Image.open(bare) as picture:
        assert picture.info["icc_profile"] == pyvips.Image.profile_load("srgb")
        assert picture.tag_v2[274] == 1


def test_the_notice_can_be_kept(samples):
    kept = [remove_from(samples, samples.rich(kind), NOTICE, "kept") for kind in KINDS]
    tags = read_tags(kept)

    for path in kept:
        assert NOTICE.copyright in tags[path].values()
        assert SECRET not in path.read_bytes().lower()


@pytest.mark.parametrize("kind", KINDS)
def test_removing_again_changes_nothing(samples, kind):
    bare = remove_from(samples, samples.rich(kind))

    assert remove_from(samples, bare, name="twice").read_bytes() == bare.read_bytes()


@pytest.mark.parametrize("kind", ["jpg", "png", "webp", "gif"])
def test_a_picture_without_metadata_needs_no_splice(samples, kind):
    path = samples.clean(kind)

    assert remove(media_type(path), LocalFile(path)) == ()


@pytest.mark.parametrize(
    "type_", ["video/webm", "image/svg+xml", "image/vnd.adobe.photoshop", "image/jxl", "text/plain"]
)
def test_what_is_not_understood_is_never_promised(type_):
    with pytest.raises(MetadataUnsupported):
        remove(type_, HeldBytes(b"x"))


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40)
@given(data=st.data())
def test_damaged_files_are_refused_and_nothing_else_goes_wrong(samples, kind, data):
    path = samples.rich(kind)
    content = bytearray(path.read_bytes())
    head = min(len(content), 6_000)
    near_the_ends = st.integers(0, head - 1) | st.integers(len(content) - head, len(content) - 1)
    for _ in range(data.draw(st.integers(1, 4))):
        value = st.sampled_from((0, 1, 0x7F, 0x80, 0xFF)) | st.integers(0, 255)
        content[data.draw(near_the_ends)] = data.draw(value)
    length = data.draw(st.sampled_from((len(content), len(content))) | st.integers(0, len(content)))
    source = HeldBytes(bytes(content[:length]))
    try:
        splices = remove(media_type(path), source)
    except MetadataUnsupported:
        return
    SplicedSource(source, splices).read_at(0, source.size_bytes)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_another_kind_is_refused(samples, kind):
    for content in (b"", b"\xff", b"%PDF-1.7 is no picture and no sound" * 9):
        with pytest.raises(MetadataUnsupported):
            remove(media_type(samples.clean(kind)), HeldBytes(content))
