"""Render PDF: pages as pictures, their text, and what the document says of itself.

Runs in a guarded process only: PDFium ends the whole process when memory runs out. Forms are never
initialised, so that no script of a document is run.
"""

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
import pyvips

from services.formats.facts import Facts
from services.formats.recipes import PictureRecipe, TextRecipe
from services.rendering.embedded import clean_text
from services.rendering.orders import (
    Failure,
    RenderedFile,
    RenderOrder,
    RenderOutcome,
    Report,
    WantedOutput,
)
from services.rendering.original import OpenOriginal, RenderFailed
from services.rendering.pictures import explain, write_pictures
from services.rendering.pixels import hand_over
from services.rendering.texts import write_text

#: A page of a business card is drawn at most four times its size in points.
_LARGEST_SCALE = 4.0
_MOST_PIXELS = 40_000_000
#: Text is looked for on so many pages, and for so long: a plan can take seconds a page.
_MOST_PAGES_READ = 200
_SECONDS_FOR_TEXT = 5.0
_BANDS = 3
_DAMAGED = "The document is damaged and cannot be read"
#: What PDFium answers where a password, or a way to encrypt that it does not know, is in the way.
_PROTECTED = frozenset({4, 5})


def render(original: OpenOriginal, order: RenderOrder, report: Report) -> RenderOutcome:
    """Render the pages and the text that an order asks for; `not_applicable` for pages not there.

    Facts hold the number of pages, width and height of the first in points, whether there is text,
    title and author.

    Raises:
        RenderFailed: protected, damaged or memory.
    """
    with _open(original) as document:
        facts = _read_facts(document)
        files: list[RenderedFile] = []
        failures: dict[str, Failure] = {}
        groups = list(_group(order.outputs))
        for done, outputs in enumerate(groups, 1):
            try:
                files.extend(_write(document, outputs))
            except pyvips.Error as error:
                raise explain(error) from error
            except RenderFailed as error:
                failures.update((one.name, error.failure) for one in outputs)
            report(done / len(groups))
    return RenderOutcome(order, tuple(files), facts, failures)


@contextmanager
def _open(original: OpenOriginal) -> Iterator[Any]:
    """Open a document as a stream of the file that was checked, and close all that hangs on it."""
    # PDFium says what went wrong last, also of a document without pages, with which nothing did.
    # So the last error is made to be that of a document which is no document.
    pdfium_c.FPDF_LoadMemDocument64(b"", 0, None)
    with Path(original.path).open("rb") as file:
        try:
            with closing(pdfium.PdfDocument(file)) as document:
                yield document
        except pdfium.PdfiumError as error:
            if error.err_code in _PROTECTED:
                raise RenderFailed("protected", "The document asks for a password") from error
            raise RenderFailed("damaged", _DAMAGED) from error


def _read_facts(document: Any) -> Facts:
    width, height = document.get_page_size(0)
    words = document.get_metadata_dict(skip_empty=True)
    return Facts(
        width=round(width),
        height=round(height),
        pages=len(document),
        has_text=any(text.strip() for text in _read_pages(document)),
        title=clean_text(words.get("Title", "")),
        creator=clean_text(words.get("Author", "")),
    )


@contextmanager
def _open_page(document: Any, index: int) -> Iterator[Any]:
    try:
        with closing(document[index]) as page:
            yield page
    except pdfium.PdfiumError as error:
        raise RenderFailed("damaged", f"Page {index + 1} is damaged and cannot be drawn") from error


def _group(outputs: Iterable[WantedOutput]) -> Iterable[Sequence[WantedOutput]]:
    """Put together what is made of one page; everything else stands alone."""
    groups: dict[object, list[WantedOutput]] = {}
    for output in outputs:
        recipe = output.recipe
        key = recipe.page if isinstance(recipe, PictureRecipe) else output.name
        groups.setdefault(key, []).append(output)
    return groups.values()


def _write(document: Any, outputs: Sequence[WantedOutput]) -> Sequence[RenderedFile]:
    recipe = outputs[0].recipe
    if isinstance(recipe, TextRecipe):
        text = _read_text(document, recipe.longest_bytes)
        return [write_text(outputs[0], text, recipe.longest_bytes)]
    if not isinstance(recipe, PictureRecipe):
        raise RenderFailed("not_applicable", "This is a document")
    if not 1 <= recipe.page <= len(document):
        raise RenderFailed("not_applicable", f"The document has no page {recipe.page}")
    _flatten_fields(document, recipe.page - 1)
    with _open_page(document, recipe.page - 1) as page:
        image = _draw(
            page, [one.recipe for one in outputs if isinstance(one.recipe, PictureRecipe)]
        )
    return write_pictures(image, outputs)


def _flatten_fields(document: Any, index: int) -> None:
    """Make what is filled into the fields of a page a part of its content, else it is not drawn.

    This is the one way that needs no form environment, in which a document could act.
    """
    if document.get_formtype() == pdfium_c.FORMTYPE_NONE:
        return
    with _open_page(document, index) as page:
        pdfium_c.FPDFPage_Flatten(page, pdfium_c.FLAT_NORMALDISPLAY)


def _draw(page: Any, recipes: Iterable[PictureRecipe]) -> pyvips.Image:
    """Draw a page on white, as large as the largest recipe needs it."""
    width, height = (max(1.0, side) for side in page.get_size())
    needed = max(_find_scale(recipe, width, height) for recipe in recipes)
    scale = min(needed, _LARGEST_SCALE, math.sqrt(_MOST_PIXELS / (width * height)))
    bitmap = page.render(scale=scale, rev_byteorder=True, may_draw_forms=False)
    with closing(bitmap):
        pixels = bitmap.to_numpy()[:, :, :_BANDS].tobytes()
        return hand_over(pixels, bitmap.width, bitmap.height, _BANDS)


def _find_scale(recipe: PictureRecipe, width: float, height: float) -> float:
    ratios = recipe.width / width, recipe.height / height
    return min(ratios) if recipe.fit in {"inside", "pad"} else max(ratios)


def _read_pages(document: Any) -> Iterator[str]:
    """Read the text of one page after the other, as far as time goes; a damaged page has none."""
    end = time.monotonic() + _SECONDS_FOR_TEXT
    for index in range(min(len(document), _MOST_PAGES_READ)):
        if time.monotonic() > end:
            return
        try:
            with _open_page(document, index) as page, closing(page.get_textpage()) as text:
                found = text.get_text_bounded()
        except RenderFailed:
            found = ""
        yield found


def _read_text(document: Any, longest_bytes: int) -> str:
    texts: list[str] = []
    length = 0
    for text in _read_pages(document):
        texts.append(text)
        length += len(text)
        if length >= longest_bytes:
            break
    return "\n".join(texts)
