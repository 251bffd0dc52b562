import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.formats.catalogue import TEXT, THUMBNAIL, Format
from services.formats.recipes import TextRecipe
from services.rendering.original import OpenOriginal, RenderFailed
from services.rendering.texts import clean_lines, read_text, render
from tests.services.rendering.ordering import make_order


def render_text(folder, content, *formats, media_type="text/plain"):
    path = folder / "notes.txt"
    path.write_bytes(content)
    order = make_order(path, *formats or (TEXT,), media_type=media_type)
    with OpenOriginal(order) as original:
        return render(original, order, [].append)


ENCODED = {
    "utf-8": "Größe – 大小 🙂".encode(),
    "utf-8 with its mark": codecs.BOM_UTF8 + "Größe – 大小 🙂".encode(),
    "utf-16": codecs.BOM_UTF16_LE + "Größe – 大小 🙂".encode("utf-16-le"),
    "utf-16, big end first": codecs.BOM_UTF16_BE + "Größe – 大小 🙂".encode("utf-16-be"),
}


@pytest.mark.parametrize("encoding", ENCODED)
@pytest.mark.parametrize("media_type", ["text/plain", "text/csv", "text/markdown"])
def test_a_text_is_shown_as_utf_8(tmp_path, encoding, media_type):
    outcome = render_text(tmp_path, ENCODED[encoding], media_type=media_type)

    assert (tmp_path / "notes.txt.text").read_text() == "Größe – 大小 🙂"
    assert (outcome.failures, outcome.facts.has_text) == ({}, True)
    assert outcome.files[0].media_type == "text/plain"


def test_a_text_of_windows_is_read_as_such():
    assert read_text("Größe – 5 €".encode("cp1252")) == "Größe – 5 €"


def test_one_wrong_byte_does_not_change_the_encoding_of_a_whole_text():
    assert read_text("Größe".encode() + b"\xff" + "Höhe".encode()) == "Größe\ufffdHöhe"


def test_control_characters_are_taken_out(tmp_path):
    render_text(tmp_path, b"one\x00\x1b[31m\r\ntwo\rthree\x0cfour\x85\t.\xe2\x80\xaegnp.exe")

    assert (tmp_path / "notes.txt.text").read_bytes().startswith(b"one[31m\ntwo\nthree\nfour")
    assert "\u202e" not in clean_lines("a\u202eb\ufeff")


@pytest.mark.parametrize("letter", ["a", "ä", "大", "🙂"])
def test_a_long_text_is_cut_between_two_letters(tmp_path, letter):
    short = Format("text", "Text", TextRecipe(longest_bytes=1001))
    outcome = render_text(tmp_path, (letter * 5000).encode(), short)

    assert 998 <= outcome.files[0].size_bytes <= 1001
    assert set((tmp_path / "notes.txt.text").read_text()) == {letter}


def test_a_text_gets_no_picture_and_an_empty_one_no_text(tmp_path):
    outcome = render_text(tmp_path, b" \n\n ", TEXT, THUMBNAIL)

    assert {name: one.code for name, one in outcome.failures.items()} == {
        "text": "not_applicable",
        "thumbnail": "not_applicable",
    }
    assert outcome.files == ()


@pytest.mark.parametrize("media_type", ["text/html", "text/vtt", "application/xml"])
def test_other_texts_are_never_rendered(tmp_path, media_type):
    with pytest.raises(RenderFailed) as caught:
        render_text(tmp_path, b"<script>alert(1)</script>", media_type=media_type)

    assert caught.value.failure.code == "unsupported"


@given(st.binary(max_size=200))
def test_any_bytes_become_clean_utf_8(content):
    cleaned = clean_lines(read_text(content))

    assert cleaned.encode().decode() == cleaned
    assert not set(cleaned) & {chr(n) for n in range(32) if chr(n) not in "\n\t"}
