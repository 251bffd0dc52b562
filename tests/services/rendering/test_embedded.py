import struct

import pytest
import pyvips
from hypothesis import given
from hypothesis import strategies as st

from services.formats.facts import Facts
from services.rendering.embedded import clean_text, read_facts
from services.rendering.xmp import read_xmp
from tests.photographs import photograph

XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:GPano="http://ns.google.com/photos/1.0/panorama/">
<rdf:Description rdf:about="" {attributes}>{properties}</rdf:Description>
</rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""
SPHERE = 'GPano:ProjectionType="equirectangular"'


def packet(properties="", attributes=""):
    return XMP.format(properties=properties, attributes=attributes).encode()


def words(*items, kind="Alt"):
    listed = "".join(f'<rdf:li xml:lang="{lang}">{text}</rdf:li>' for lang, text in items)
    return f"<rdf:{kind}>{listed}</rdf:{kind}>"


FULL = packet(
    f"<dc:rights>{words(('de', '© Anna'), ('x-default', '© Anne'))}</dc:rights>"
    f"<dc:creator>{words(('x', 'Anne'), ('x', 'Bob'), kind='Seq')}</dc:creator>"
    f"<dc:title>{words(('x-default', 'A &lt;ridge&gt; &amp; sky'))}</dc:title>"
    "<dc:description>In the\nmorning</dc:description>"
)


def iptc(*datasets):
    written = b"".join(
        struct.pack(">3BH", 0x1C, 2, number, len(text)) + text for number, text in datasets
    )
    return b"Photoshop 3.0\0" + struct.pack(">4sHHI", b"8BIM", 0x0404, 0, len(written)) + written


def exif(**texts):
    tags = {"description": 270, "creator": 315, "copyright": 33432}
    entries, values = b"", b""
    at = 8 + 2 + 12 * len(texts) + 4
    for name, text in sorted(texts.items(), key=lambda one: tags[one[0]]):
        content = text.encode() + b"\0" * (5 - min(4, len(text.encode())))
        entries += struct.pack("<HHII", tags[name], 2, len(content), at + len(values))
        values += content
    return b"Exif\0\0II*\0" + struct.pack("<IH", 8, len(texts)) + entries + bytes(4) + values


def picture(width=60, height=30, **blobs):
    image = pyvips.Image.black(width, height, bands=3).copy(interpretation="srgb")
    for name, blob in blobs.items():
        image.set_type(pyvips.GValue.blob_type, f"{name}-data", blob)
    return image


def facts(**blobs):
    return read_facts(picture(**blobs))


def test_who_made_a_picture_is_read_out_of_its_xmp():
    found = facts(xmp=FULL)

    assert (found.copyright, found.creator) == ("© Anne", "Anne, Bob")
    assert (found.title, found.description) == ("A <ridge> & sky", "In the\nmorning")


def test_xmp_counts_before_iptc_and_iptc_before_exif():
    xmp = packet(f"<dc:rights>{words(('x-default', 'of XMP'))}</dc:rights>")
    block = iptc((116, b"of IPTC"), (80, b"Anne"), (80, b"Bob"), (5, b"Title"))
    tags = exif(copyright="of EXIF", creator="Carl", description="Said by EXIF")

    found = facts(xmp=xmp, iptc=block, exif=tags)

    assert (found.copyright, found.creator) == ("of XMP", "Anne, Bob")
    assert (found.title, found.description) == ("Title", "Said by EXIF")
    assert facts(exif=tags).copyright == "of EXIF"


def test_words_survive_the_files_that_carry_them(tmp_path):
    written = photograph(60, 40).copy()
    for name, blob in (("xmp-data", FULL), ("iptc-data", iptc((5, "Größe".encode("cp1252"))))):
        written.set_type(pyvips.GValue.blob_type, name, blob)
    for ending in ("jpg", "tif", "png", "webp"):
        path = tmp_path / f"a.{ending}"
        written.write_to_file(str(path))

        assert read_facts(pyvips.Image.new_from_file(str(path))).creator == "Anne, Bob"

    jpeg = pyvips.Image.new_from_file(str(tmp_path / "a.jpg")).copy()
    jpeg.remove("xmp-data")
    assert read_facts(jpeg).title == "Größe"


def test_xmp_in_utf_16_is_read_too():
    assert read_xmp(FULL.decode().encode("utf-16-be"))["creator"] == "Anne, Bob"


def test_what_a_camera_writes_is_no_description():
    assert facts(exif=exif(description="OLYMPUS DIGITAL CAMERA")).description == ""


@pytest.mark.parametrize(
    ("size", "attributes", "is_one"),
    [
        ((400, 200), SPHERE, True),
        ((4000, 1999), SPHERE, True),
        ((400, 300), SPHERE, False),
        ((400, 200), "", False),
        ((400, 200), 'GPano:ProjectionType="cylindrical"', False),
    ],
)
def test_a_panorama_says_so_and_is_twice_as_wide_as_high(size, attributes, is_one):
    image = picture(*size, xmp=packet(attributes=attributes))

    assert read_facts(image).is_panorama is is_one


def test_a_projection_may_be_an_element_too():
    block = packet("<GPano:ProjectionType>equirectangular</GPano:ProjectionType>")

    assert read_facts(picture(400, 200, xmp=block)).is_panorama


def test_size_and_frames_are_those_that_are_seen():
    turned = picture(60, 30).copy()
    turned.set_type(pyvips.GValue.gint_type, "orientation", 6)
    page = photograph(40, 20).copy()
    moving = page.join(page.fliphor(), "vertical").copy()
    moving.set_type(pyvips.GValue.gint_type, "page-height", 20)
    film = pyvips.Image.new_from_buffer(moving.gifsave_buffer(keep="all"), "")
    pages = pyvips.Image.new_from_buffer(moving.tiffsave_buffer(keep="all", page_height=20), "")

    assert (read_facts(turned).width, read_facts(turned).height) == (30, 60)
    assert (read_facts(film).frames, read_facts(film).pages, read_facts(film).height) == (2, 0, 20)
    assert (read_facts(pages).frames, read_facts(pages).pages) == (0, 2)


HOSTILE = {
    "an entity": b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + FULL,
    "laughs": b'<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><a>&b;</a>',
    "a hidden document type": ('<?xml version="1.0"?><!DOCTYPE a []>' + FULL.decode()).encode(
        "utf-16"
    ),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_nothing_of_xmp_with_a_document_type_is_read(kind):
    assert read_xmp(HOSTILE[kind]) == {}


def test_xmp_is_read_as_far_as_64_kilobytes():
    early = packet("<dc:title>Early</dc:title>" + "<dc:x>y</dc:x>" * 20_000)
    late = packet("<dc:x>y</dc:x>" * 20_000 + "<dc:title>Late</dc:title>")

    assert (read_xmp(early), read_xmp(late)) == ({"title": "Early"}, {})


def test_texts_are_cut_and_carry_no_control_characters():
    evil = "a\0b\x1b[31mc\u202egnp.exe\u2028\ud800" + "x" * 9000
    found = facts(xmp=packet(f"<dc:title>{'y' * 9000}</dc:title>"))

    assert clean_text(evil).startswith("ab[31mcgnp.exe") and len(clean_text(evil)) == 2000
    assert found.title == "y" * 2000
    assert clean_text(" a\tb\r\nc ") == "a b\nc"


@given(st.sampled_from(["xmp", "iptc", "exif"]), st.binary(max_size=300), st.integers(0, 600))
def test_no_metadata_can_stop_a_picture(name, noise, at):
    whole = {"xmp": FULL, "iptc": iptc((5, b"Title"), (80, b"Anne")), "exif": exif(creator="Anne")}
    for block in (noise, whole[name][:at] + noise, whole[name][:at] + noise + whole[name][at:]):
        found = facts(**{name: block})

        assert (found.width, found.height) == (60, 30)
        assert Facts.read(found.write()) == found
        assert all(one.isprintable() or one == "\n" for one in found.title + found.description)
