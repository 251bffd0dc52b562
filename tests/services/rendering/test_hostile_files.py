"""The table of hostile files: each row fails for its reason or comes out, and harms nobody else."""

import contextlib
import random
from pathlib import Path

import pytest
import pyvips

from services.formats.catalogue import MOVING, PAGES, TEXT, THUMBNAIL, VIEW
from services.rendering.pool import RenderPool
from tests.photographs import photograph, write_photograph
from tests.services.rendering import hostile_files as made
from tests.services.rendering.foreign_samples import COLOURED
from tests.services.rendering.made_pictures import RED, tiff_of_separate_tiles
from tests.services.rendering.ordering import make_order
from tests.services.rendering.test_foreign_limits import BOMBS

#: How a row may end if the picture comes out.
FINE = ""
JPEG = photograph(600, 400).jpegsave_buffer()


@pytest.fixture(scope="module")
def temporary(tmp_path_factory):
    """The folder for temporary files of the processes, so that what they leave there is seen."""
    folder = tmp_path_factory.mktemp("temporary")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(folder))
        yield folder


@pytest.fixture(scope="module")
def pool(temporary):
    made_pool = RenderPool(processes=1, seconds=30, memory_mb=1536)
    yield made_pool
    made_pool.close()


def render(pool, path, *formats, **changes):
    outputs = path.parent / "outputs"
    outputs.mkdir(exist_ok=True)
    (outcome,) = pool.render([make_order(path, *formats, folder=outputs, **changes)])
    return outcome


def code_of(outcome):
    return outcome.failure.code if outcome.failure else FINE


def is_white(outcome):
    return all(pyvips.Image.new_from_file(file.path).min() > 250 for file in outcome.files)


def assert_still_serves(pool, folder, temporary):
    """The pool renders a good picture, and nothing lies about that nobody ordered."""
    good = write_photograph(folder / "good.jpg")
    files = render(pool, good).files

    assert len(files) == 2
    assert {path.name for path in folder.iterdir()} == {"good.jpg", "outputs", "hostile"}
    assert list(temporary.iterdir()) == []


PICTURES = {
    "png of 900 million pixels": (made.huge_png, "too_large"),
    "png of 900 million pixels, interlaced": (lambda: made.huge_png(interlaced=1), "too_large"),
    "tiff of 900 million pixels in strips": (made.huge_tiff, "too_large"),
    "tiff of 900 million pixels in tiles": (lambda: made.huge_tiff(tile=2000), "too_large"),
    "whole tiff of a kind that is not read": (tiff_of_separate_tiles, "unsupported"),
    "jpeg of 900 million pixels": (lambda: made.jpeg_that_claims(30_000, 30_000), "too_large"),
    "progressive jpeg of 144 million pixels": (
        lambda: made.jpeg_that_claims(12_000, 12_000, progressive=True),
        "too_large",
    ),
    "avif of 268 million pixels": (lambda: made.avif_that_claims(16_384), "too_large"),
    "webp of 268 million pixels": (made.huge_webp, "too_large"),
    "gif of four thousand million pixels": (lambda: made.gif_that_claims(65_535), "too_large"),
    "gif of 20,000 frames": (lambda: made.gif_of_frames(20_000), FINE),
    "png a million pixels wide": (lambda: made.png(1_000_000, 1000), "too_large"),
    "png wider than numbers": (lambda: made.png(1 << 31, 1), "damaged"),
    "png with a profile of 400 MB": (made.profile_bomb, FINE),
    "png with a comment of 400 MB": (made.text_bomb, FINE),
    "png without pixels": (lambda: made.png(500, 500), "damaged"),
    "half a jpeg": (lambda: JPEG[: len(JPEG) // 2], "damaged"),
    # libjpeg fills in what it cannot read; refusing that would refuse many a real picture.
    "jpeg with flipped bytes": (lambda: made.with_flipped_bytes(JPEG), FINE),
    "jpeg with corrupt exif": (made.with_corrupt_exif, FINE),
    "jpeg that is other things too": (made.polyglot, FINE),
    "nothing": (lambda: b"", "unsupported"),
    "html": (lambda: b"<html><script>alert(1)</script></html>", "unsupported"),
    "drawing with entities": (made.laughing_svg, "damaged"),
    "drawing of a hundred thousand pixels": (
        lambda: made.svg("<rect width='9' height='9'/>", width="100000", height="100000"),
        FINE,
    ),
    "drawing with a costly filter": (made.costly_svg, FINE),
    **{f"{ending} that claims too much": (make, "too_large") for ending, make in BOMBS.items()},
}
#: Their readers are told the type, because nothing at their beginning tells it.
TOLD = {"tga that claims too much": "image/x-tga"}


@pytest.mark.parametrize("row", PICTURES)
def test_a_hostile_picture_ends_as_the_table_says(pool, tmp_path, temporary, row):
    make, code = PICTURES[row]
    path = tmp_path / "hostile"
    path.write_bytes(make())

    outcome = render(pool, path, media_type=TOLD.get(row))

    assert code_of(outcome) == code
    assert bool(outcome.files) is (code == FINE)
    assert b"polyglot" not in b"".join(Path(one.path).read_bytes() for one in outcome.files)
    assert_still_serves(pool, tmp_path, temporary)


@pytest.mark.parametrize("content", [b"not a picture at all", b"<html></html>", b"", bytes(5000)])
def test_what_only_calls_itself_a_picture_is_unsupported(pool, tmp_path, content):
    path = tmp_path / "hostile"
    path.write_bytes(content)

    assert code_of(render(pool, path, media_type="image/jpeg")) == "unsupported"


def test_the_content_of_a_picture_decides_and_not_its_name(pool, tmp_path):
    path = write_photograph(tmp_path / "photograph.png")

    assert len(render(pool, path).files) == 2


def test_too_many_frames_are_shown_as_one(pool, tmp_path):
    path = tmp_path / "hostile"
    path.write_bytes(made.gif_of_frames(20_000))

    outcome = render(pool, path, THUMBNAIL, MOVING)

    assert [one.name for one in outcome.files] == ["thumbnail"]
    assert outcome.failures["moving"].code == "not_applicable"


NEIGHBOURS = {
    "by its name": '<image xlink:href="secret.png" width="240" height="160"/>',
    "without a prefix": '<image href="secret.png" width="240" height="160"/>',
    "by its path": '<image href="{folder}/secret.png" width="240" height="160"/>',
    "by its address": '<image xlink:href="file://{folder}/secret.png" width="240" height="160"/>',
    "through a filter": '<filter id="f"><feImage xlink:href="file://{folder}/secret.png"/></filter>'
    '<rect width="240" height="160" fill="none" filter="url(#f)"/>',
    "as a pattern": '<pattern id="p" width="1" height="1"><image href="secret.png" width="240"'
    ' height="160"/></pattern><rect width="240" height="160" fill="url(#p)"/>',
    "in a drawing": '<use xlink:href="file://{folder}/secret.svg#s"/>',
    "in a drawing that is an image": '<image href="secret.svg" width="240" height="160"/>',
    "by xinclude": '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="secret.svg"/>',
    "as a style": '<style>@import url("file://{folder}/secret.css");</style>'
    '<rect width="240" height="160" fill="none" class="secret"/>',
    "as an object": '<foreignObject width="240" height="160"><img src="secret.png"/></foreignObject>',
}


def write_neighbours(folder, way):
    """Write a drawing, and beside it what it must not draw: all of it red."""
    secret = photograph(240, 160) * 0 + RED
    secret.cast("uchar").copy(interpretation="srgb").pngsave(str(folder / "secret.png"))
    red = '<rect id="s" width="240" height="160" fill="red"/>'
    (folder / "secret.svg").write_bytes(made.svg(red))
    (folder / "secret.css").write_text(".secret { fill: red !important }")
    path = folder / "hostile.svg"
    path.write_bytes(made.svg(NEIGHBOURS[way].format(folder=folder)))
    return path


def test_a_drawing_that_is_loaded_carelessly_does_draw_its_neighbour(tmp_path):
    careless = pyvips.Image.new_from_file(str(write_neighbours(tmp_path, "by its name")))

    assert careless(120, 80)[:3] == list(RED)


@pytest.mark.parametrize("way", NEIGHBOURS)
def test_a_drawing_draws_no_pixel_of_a_file_beside_it(pool, tmp_path, way):
    outcome = render(pool, write_neighbours(tmp_path, way), VIEW)

    # A drawing that cannot be read shows nothing either.
    assert is_white(outcome) if outcome.files else code_of(outcome) == "damaged"


def test_a_drawing_reads_no_file_by_an_entity(pool, tmp_path):
    path = tmp_path / "hostile"
    head = '<!DOCTYPE svg [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    path.write_bytes(made.svg("<text y='40' font-size='40'>&e;</text>", head=head))

    outcome = render(pool, path, VIEW)

    assert code_of(outcome) == "damaged" or is_white(outcome)


def test_a_drawing_that_never_ends_is_ended(tmp_path, temporary):
    path = tmp_path / "hostile"
    path.write_bytes(made.nested_svg())

    with contextlib.closing(RenderPool(processes=1, seconds=3, memory_mb=1536)) as pool:
        # A fast machine gets as far as the limit of elements that librsvg has.
        assert code_of(render(pool, path)) in {"timeout", "damaged"}
        assert_still_serves(pool, tmp_path, temporary)


DOCUMENTS = {
    "page of seventy metres": (made.huge_page, FINE),
    "image of 625 million pixels": (made.huge_image_in_pdf, FINE),
    "password": (made.locked_pdf, "protected"),
    "beginning of a document": (lambda: made.huge_page()[:300], "damaged"),
}


@pytest.mark.parametrize("row", DOCUMENTS)
def test_a_hostile_document_ends_as_the_table_says(pool, tmp_path, temporary, row):
    make, code = DOCUMENTS[row]
    path = tmp_path / "hostile"
    path.write_bytes(make())

    outcome = render(pool, path, PAGES[0], TEXT)

    assert code_of(outcome) == code
    assert [one.name for one in outcome.files] == (["page-1"] if code == FINE else [])
    assert_still_serves(pool, tmp_path, temporary)


def test_a_document_that_brings_down_its_process_loses_only_itself(tmp_path, temporary):
    path = tmp_path / "hostile"
    path.write_bytes(made.drawing_without_end())

    # PDFium ends its process when memory runs out; with half of it that is seen in half the time.
    with contextlib.closing(RenderPool(processes=1, seconds=60, memory_mb=768)) as pool:
        assert code_of(render(pool, path, PAGES[0], TEXT)) in {"crash", "memory"}
        assert_still_serves(pool, tmp_path, temporary)


def test_whatever_is_changed_in_a_file_it_comes_out_or_fails_alone(pool, tmp_path, temporary):
    chance = random.Random(7)
    orders = []
    for number, kind in enumerate([kind for kind in COLOURED for _ in range(3)]):
        ending, content = COLOURED[kind]()
        changed = bytearray(content)
        for at in chance.sample(range(12, len(changed)), 8):
            changed[at] = chance.randrange(256)
        path = tmp_path / f"{number}.{ending}"
        path.write_bytes(changed)
        orders.append(make_order(path, THUMBNAIL))

    outcomes = list(pool.render(orders))

    assert len(outcomes) == len(orders)
    codes = {code_of(one) for one in outcomes}
    assert codes <= {FINE, "damaged", "unsupported", "too_large", "memory"}
    assert render(pool, write_photograph(tmp_path / "good.jpg")).files
    assert list(temporary.iterdir()) == []
