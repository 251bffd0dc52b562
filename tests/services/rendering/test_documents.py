import gc

import pypdfium2 as pdfium
import pytest
import pyvips

from services.formats.catalogue import PAGES, PLAY_SOUND, TEXT, THUMBNAIL, Format
from services.formats.recipes import PictureRecipe, TextRecipe
from services.rendering.documents import render
from services.rendering.original import OpenOriginal, RenderFailed
from tests.services.rendering.made_documents import halves, make_stream, pdf, text
from tests.services.rendering.ordering import make_order

SMALL = Format("small", "Small", PictureRecipe(200, 200, "png"))


def render_document(folder, content, *formats, reports=None):
    path = folder / "document.pdf"
    path.write_bytes(content)
    order = make_order(path, *formats)
    with OpenOriginal(order) as original:
        return render(original, order, (reports if reports is not None else []).append)


def failure_of(folder, content):
    with pytest.raises(RenderFailed) as caught:
        render_document(folder, content, SMALL)
    return caught.value.failure.code


def picture_of(outcome):
    return pyvips.Image.new_from_file(outcome.files[0].path)


def test_pages_and_text_are_made_of_one_document(tmp_path):
    reports = []
    content = pdf(text("Hello world", "and more"), text("The second page"))

    outcome = render_document(tmp_path, content, THUMBNAIL, *PAGES[:2], TEXT, reports=reports)

    files = {file.name: file for file in outcome.files}
    assert outcome.failures == {}
    assert (files["thumbnail"].width, files["thumbnail"].height) == (495, 640)
    assert (files["page-2"].width, files["page-2"].height) == (990, 1280)
    assert files["thumbnail"].placeholder
    read = (tmp_path / "document.pdf.text").read_text()
    assert [line.strip() for line in read.splitlines()] == [
        "Hello world",
        "and more",
        "The second page",
    ]
    assert reports[-1] == 1


def test_facts_say_what_is_in_a_document(tmp_path):
    info = [("Title", "Ridge – a report\u202e"), ("Author", "Anne")]
    content = pdf(text("Hello"), b"", size=(595.3, 841.9), info=info)

    facts = render_document(tmp_path, content, SMALL).facts

    assert (facts.pages, facts.width, facts.height, facts.has_text) == (2, 595, 842, True)
    assert (facts.title, facts.creator) == ("Ridge – a report", "Anne")


def test_a_page_that_is_not_there_fails_alone(tmp_path):
    outcome = render_document(tmp_path, pdf(halves()), SMALL, PAGES[4], TEXT, PLAY_SOUND)

    assert [file.name for file in outcome.files] == ["small"]
    assert {name: one.code for name, one in outcome.failures.items()} == {
        "page-5": "not_applicable",
        "text": "not_applicable",
        "player": "not_applicable",
    }
    assert not outcome.facts.has_text


def test_colours_of_a_page_are_in_their_places(tmp_path):
    picture = picture_of(render_document(tmp_path, pdf(halves()), SMALL))

    left, right = picture(20, 100), picture(picture.width - 20, 100)
    assert left[0] > 150 > left[2] and right[2] > 150 > right[0]


def test_a_page_is_white_where_nothing_is_drawn(tmp_path):
    assert picture_of(render_document(tmp_path, pdf(b""), SMALL))(50, 50) == [255, 255, 255]


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((100, 50), (400, 200)),  # four times its size and no more
        ((200_000, 100_000), (1280, 640)),
        ((3, 14_000), (1, 1280)),
    ],
)
def test_a_page_of_any_size_fits_its_box(tmp_path, size, expected):
    file = render_document(tmp_path, pdf(halves(size), size=size), PAGES[0]).files[0]

    assert (file.width, file.height) == expected


def test_a_page_fills_its_box_if_it_must(tmp_path):
    square = Format("square", "Square", PictureRecipe(500, 500, "png", fit="cover"))

    picture = picture_of(render_document(tmp_path, pdf(halves()), square))

    assert (picture.width, picture.height) == (500, 500)


def test_a_page_that_lies_on_its_side_is_turned(tmp_path):
    content = pdf(halves()).replace(b"/Type /Page ", b"/Type /Page /Rotate 90 ")

    outcome = render_document(tmp_path, content, SMALL)

    assert outcome.files[0].width > outcome.files[0].height
    assert outcome.facts.width > outcome.facts.height


def test_fields_that_were_filled_in_are_seen(tmp_path):
    field = (
        b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (a) /V (x) /F 4 /Rect [0 0 612 792]"
        b" /AP << /N 11 0 R >> >>"
    )
    look = make_stream(halves(), "/Type /XObject /Subtype /Form /BBox [0 0 612 792]")
    content = pdf(b"", objects=[field, look], catalog="/AcroForm << /Fields [10 0 R] >>")
    content = content.replace(b"/Type /Page ", b"/Annots [10 0 R] /Type /Page ")

    assert picture_of(render_document(tmp_path, content, SMALL))(20, 100)[2] < 100


def test_text_is_cut_between_two_letters(tmp_path):
    short = Format("text", "Text", TextRecipe(longest_bytes=100))
    content = pdf(*[text("\\344" * 30)] * 400)

    outcome = render_document(tmp_path, content, short)

    read = (tmp_path / "document.pdf.text").read_bytes()
    assert outcome.failures == {} and 90 <= len(read) <= 100
    assert set(read.decode()) <= {"ä", "\r", "\n"}


def test_a_document_with_a_password_is_protected(tmp_path):
    lock = "/Encrypt << /Filter /Standard /V 2 /R 3 /Length 128 /P -4 /O <{0}> /U <{0}> >>"
    content = pdf(halves(), trailer=lock.format("5a" * 32) + " /ID [<00> <00>]")

    assert failure_of(tmp_path, content) == "protected"
    # What was wrong with one document is not said of the next.
    assert failure_of(tmp_path, pdf()) == "damaged"


@pytest.mark.parametrize(
    "content", [b"%PDF-1.7\n", pdf(halves())[:200], b"%PDF-1.7\n" + bytes(5000), pdf()]
)
def test_what_is_no_whole_document_is_damaged(tmp_path, content):
    assert failure_of(tmp_path, content) == "damaged"


def test_a_page_that_is_damaged_fails_alone(tmp_path):
    content = pdf(halves(), halves()).replace(b"1002 0 R", b"1900 0 R")

    outcome = render_document(tmp_path, content, *PAGES[:2])

    assert [file.name for file in outcome.files] == ["page-1"]
    assert outcome.failures["page-2"].code in {"damaged", "not_applicable"}


def test_nothing_stays_open_after_a_document(tmp_path, monkeypatch):
    open_ones = []
    for kind in (pdfium.PdfDocument, pdfium.PdfPage, pdfium.PdfBitmap, pdfium.PdfTextPage):
        close = kind.close

        def closing(self, *arguments, close=close):
            open_ones.append(type(self).__name__)
            return close(self, *arguments)

        monkeypatch.setattr(kind, "close", closing)

    render_document(tmp_path, pdf(text("Hello")), SMALL)

    gc.collect()
    assert set(open_ones) == {"PdfDocument", "PdfPage", "PdfBitmap", "PdfTextPage"}
