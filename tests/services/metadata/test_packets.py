import hashlib
import io
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from services.formats.recipes import NO_METADATA
from services.metadata.packet import Packet, write_exif, write_xmp
from services.metadata.traits import PLAIN, Traits, read_traits

FULL = Packet(
    "© 2026 Müller & Söhne", "Ánna <Larsen>", "Lärche", "First\nsecond, 日本", ("larch", "tree")
)
LI = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}li"
DC = "{http://purl.org/dc/elements/1.1/}"
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


def read_xmp(xmp):
    """Read the Dublin Core of a packet with a parser of the standard library."""
    root = ET.fromstring(xmp)  # noqa: S314
    return {
        element.tag.removeprefix(DC): [item.text for item in element.iter(LI)]
        for element in root.iter()
        if element.tag.startswith(DC)
    }


def test_an_empty_packet_is_no_metadata_at_all():
    assert Packet().is_empty
    assert Packet(title="  ", keywords=("", " ")).digest() == NO_METADATA


def test_the_minimum_is_the_copyright_notice_alone():
    assert Packet.minimum("© X") == Packet(copyright="© X")


@pytest.mark.parametrize("field", ["copyright", "creator", "title", "description"])
def test_every_field_changes_the_digest(field):
    digests = {Packet(**{field: "one"}).digest(), Packet(**{field: "two"}).digest(), FULL.digest()}

    assert len(digests) == 3


def test_the_digest_of_a_packet_never_changes():
    text = (
        rb'{"copyright":"\u00a9 2026 M\u00fcller & S\u00f6hne","creator":"\u00c1nna <Larsen>",'
        rb'"description":"First\nsecond, \u65e5\u672c","keywords":["larch","tree"],'
        rb'"title":"L\u00e4rche"}'
    )

    assert FULL.digest() == hashlib.sha256(b"packet/1\n" + text).digest()


def test_equal_packets_are_written_alike_and_name_no_tool_and_no_time():
    xmp = write_xmp(FULL)

    assert xmp == write_xmp(Packet(**vars(FULL)))
    assert b"xmptk" not in xmp and b"Date" not in xmp and b"Tool" not in xmp
    assert xmp.endswith(b'<?xpacket end="r"?>')


def test_xmp_says_every_field_in_the_default_language():
    assert read_xmp(write_xmp(FULL)) == {
        "rights": ["© 2026 Müller & Söhne"],
        "creator": ["Ánna <Larsen>"],
        "title": ["Lärche"],
        "description": ["First\nsecond, 日本"],
        "subject": ["larch", "tree"],
    }
    languages = {item.get(LANGUAGE) for item in ET.fromstring(write_xmp(FULL)).iter(LI)}  # noqa: S314
    assert languages == {"x-default", None}
    assert b"<xmpRights:Marked>True<" in write_xmp(FULL)
    assert b"Marked" not in write_xmp(Packet(title="No notice"))


@given(*(st.text() for _ in range(4)), st.lists(st.text()))
def test_any_text_is_written_as_it_is_kept(copyright_, creator, title, description, keywords):
    packet = Packet(copyright_, creator, title, description, tuple(keywords))
    found = read_xmp(write_xmp(packet))

    assert "".join(found.get("rights", [])) == packet.copyright
    assert "".join(found.get("description", [])) == packet.description
    assert tuple(found.get("subject", [])) == packet.keywords


def test_the_longest_packet_fits_into_one_segment_of_a_jpeg():
    longest = Packet(
        "&" * 9_999, "&" * 9_999, "&" * 9_999, "&" * 9_999, tuple("&" * n for n in range(999))
    )
    shortest_words = Packet(*["&" * 9_999] * 4, tuple(map(chr, range(0x4E00, 0x9000))))

    assert 40_000 < len(write_xmp(longest)) < 65_502
    assert len(write_xmp(shortest_words)) < 65_502
    assert len(write_exif(longest)) < 65_527


def test_exif_holds_three_texts_and_an_orientation():
    exif = Image.Exif()
    exif.load(write_exif(FULL, Traits(orientation=6)))

    utf8 = {tag: text.encode("latin-1").decode() for tag, text in exif.items() if tag != 274}
    assert utf8 == {270: FULL.description, 315: FULL.creator, 33432: FULL.copyright}
    assert exif[274] == 6


def test_exif_of_nothing_is_nothing():
    assert write_exif(Packet(title="Only a title")) == b""


@pytest.mark.parametrize(
    "traits", [Traits(3), Traits(1, is_adobe_rgb=True), Traits(8, is_adobe_rgb=True)]
)
def test_traits_are_read_as_they_were_written(traits):
    assert read_traits(write_exif(FULL, traits)) == traits
    assert read_traits(b"Exif\x00\x00" + write_exif(Packet(), traits)) == traits


def test_traits_are_read_as_other_programs_write_them():
    exif = Image.Exif()
    exif[274] = 5
    picture = io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "webp", exif=exif)

    assert read_traits(exif.tobytes()) == Traits(5)


@given(st.binary(max_size=80).map(lambda rest: b"MM\x00*\x00\x00\x00\x08" + rest) | st.binary())
def test_exif_that_cannot_be_read_means_a_plain_picture(exif):
    traits = read_traits(exif)

    assert traits == PLAIN or traits.orientation in range(1, 9)
