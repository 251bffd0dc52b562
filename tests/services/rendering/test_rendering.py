import os
import stat
from pathlib import Path

import pytest
import pyvips
from hypothesis import given, settings
from hypothesis import strategies as st

from services.formats.catalogue import THUMBNAIL, Format
from services.formats.catalogue import VIEW as WEB
from services.formats.geometry import predict_size
from services.formats.recipes import PictureRecipe
from services.originals import HEAD_BYTES
from services.rendering.orders import RenderOrder, WantedOutput
from services.sniffing import sniff
from tests.photographs import photograph, write_cut_photograph, write_photograph

LARGE = Format("large", "Large", PictureRecipe(2560, 2560, "jpeg", 84))
FORMATS = {one.name: one for one in (THUMBNAIL, WEB, LARGE)}


def order(path, folder, formats=(THUMBNAIL, WEB, LARGE), **changes):
    status = path.stat()
    outputs = tuple(
        WantedOutput(f.name, f.recipe, str(folder / f"{path.name}.{f.name}")) for f in formats
    )
    is_file = stat.S_ISREG(path.lstat().st_mode)
    media_type = sniff(path.read_bytes()[:HEAD_BYTES]).media_type if is_file else "image/jpeg"
    values = {"size_bytes": status.st_size, "mtime_ns": status.st_mtime_ns}
    values |= {"media_type": media_type} | changes
    return RenderOrder(path.name, str(path), outputs=outputs, **values)


def render(pool, path, **changes):
    (outcome,) = pool.render([order(path, path.parent, **changes)])
    return outcome


def is_red(pixel):
    return pixel[0] > 150 and pixel[2] < 100


def is_blue(pixel):
    return pixel[2] > 150 and pixel[0] < 100


ENDINGS = ["jpg", "png", "tif", "webp"]
#: What a camera must do to the upright picture so that this orientation puts it right again.
UNDO = {
    1: lambda im: im,
    2: lambda im: im.fliphor(),
    3: lambda im: im.rot180(),
    4: lambda im: im.flipver(),
    5: lambda im: im.rot90().fliphor(),
    6: lambda im: im.rot270(),
    7: lambda im: im.rot270().fliphor(),
    8: lambda im: im.rot90(),
}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("orientation", UNDO)
def test_every_orientation_comes_out_upright(pool, tmp_path, orientation, ending):
    turned = UNDO[orientation](photograph(800, 500)).copy()
    turned.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    path = tmp_path / f"turned.{ending}"
    turned.write_to_file(str(path))

    outcome = render(pool, path)

    assert (outcome.failure, outcome.facts.width, outcome.facts.height) == (None, 800, 500)
    for file in outcome.files:
        picture = pyvips.Image.new_from_file(file.path)
        assert is_red(picture(file.width * 0.2, file.height / 2))
        assert is_blue(picture(file.width * 0.8, file.height / 2))


@settings(max_examples=15)
@given(st.integers(1, 3000), st.integers(1, 900))
def test_what_was_predicted_is_what_is_made(tmp_path_factory, pool, width, height):
    path = tmp_path_factory.mktemp("predicted") / "any.png"
    pyvips.Image.black(width, height).copy(interpretation="srgb").pngsave(str(path), compression=1)

    outcome = render(pool, path)

    assert outcome.failure is None
    for file in outcome.files:
        expected = predict_size(FORMATS[file.name].recipe, width, height)
        assert (
            max(abs(a - b) for a, b in zip((file.width, file.height), expected, strict=True)) <= 1
        )


def test_no_metadata_of_the_original_gets_into_a_rendition(pool, tmp_path):
    picture = photograph(700, 500).copy()
    for field in ("exif-ifd0-Artist", "exif-ifd3-GPSLatitude", "exif-ifd0-Software"):
        picture.set_type(pyvips.GValue.gstr_type, field, "51/1 30/1 0/1 very secret")
    picture.set_type(pyvips.GValue.blob_type, "xmp-data", b"<x:xmpmeta>very secret</x:xmpmeta>")
    path = tmp_path / "secret.jpg"
    picture.jpegsave(str(path), keep="all")
    assert b"secret" in path.read_bytes()

    for file in render(pool, path).files:
        content = Path(file.path).read_bytes()
        assert b"secret" not in content and b"Exif" not in content


def test_transparency_is_laid_on_white(pool, tmp_path):
    path = tmp_path / "logo.png"
    clear = pyvips.Image.black(300, 200, bands=4).copy(interpretation="srgb")
    clear.pngsave(str(path))

    outcome = render(pool, path, formats=[WEB])

    assert min(pyvips.Image.new_from_file(outcome.files[0].path)(5, 5)) > 250


@pytest.mark.parametrize("kind", ["cmyk", "16-bit", "grey", "palette"])
def test_other_colour_models_become_what_browsers_show(pool, tmp_path, kind):
    picture, path = photograph(300, 200), tmp_path / f"{kind}.tif"
    made = {
        "cmyk": lambda: picture.colourspace("cmyk"),
        "16-bit": lambda: picture.colourspace("rgb16"),
        "grey": lambda: picture.colourspace("b-w"),
        "palette": lambda: picture,
    }[kind]()
    if kind == "palette":
        path = path.with_suffix(".png")
        made.pngsave(str(path), palette=True)
    else:
        made.tiffsave(str(path))

    outcome = render(pool, path, formats=[WEB])

    picture = pyvips.Image.new_from_file(outcome.files[0].path)
    assert (outcome.failure, picture.format) == (None, "uchar")
    assert picture.interpretation in {"srgb", "b-w"}
    assert kind == "grey" or picture(60, 100)[0] > picture(240, 100)[0] + 40


def a_text(path):
    path.write_text("not a picture at all")


def a_bomb(path):
    # A few hundred bytes that claim an edge of seventy thousand pixels.
    pyvips.Image.black(70_000, 8).copy(interpretation="b-w").pngsave(str(path), compression=9)


def an_interlaced_bomb(path):
    big = pyvips.Image.black(12_000, 12_000).copy(interpretation="b-w")
    big.pngsave(str(path), interlace=True, compression=9)


@pytest.mark.parametrize(
    ("make", "failure"),
    [
        (write_cut_photograph, "damaged"),
        (a_text, "not_applicable"),
        (a_bomb, "too_large"),
        (an_interlaced_bomb, "too_large"),
    ],
)
def test_a_bad_picture_fails_with_its_reason_and_alone(pool, tmp_path, make, failure):
    bad, good = tmp_path / "bad.jpg", write_photograph(tmp_path / "good.jpg")
    make(bad)

    outcomes = {
        one.order.name: one for one in pool.render([order(bad, tmp_path), order(good, tmp_path)])
    }

    bad = outcomes["bad.jpg"]
    reasons = [bad.failure] if bad.failure else list(bad.failures.values())
    assert ({one.code for one in reasons}, bad.files) == ({failure}, ())
    assert all(one.message for one in reasons)
    assert len(outcomes["good.jpg"].files) == 3


def test_a_drawing_cannot_draw_its_neighbours(pool, tmp_path):
    write_photograph(tmp_path / "secret.jpg")
    drawing = tmp_path / "drawing.svg"
    drawing.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
        ' width="240" height="160"><image xlink:href="secret.jpg" width="240" height="160"/></svg>'
    )

    outcome = render(pool, drawing, formats=[WEB])

    assert outcome.failure is None
    assert min(pyvips.Image.new_from_file(outcome.files[0].path)(40, 80)) > 250


def test_an_original_that_is_not_the_one_ordered_is_not_rendered(pool, tmp_path):
    path = write_photograph(tmp_path / "a.jpg")
    link, pipe = tmp_path / "link.jpg", tmp_path / "pipe.jpg"
    link.symlink_to(path)
    os.mkfifo(pipe)

    failures = [
        render(pool, path, mtime_ns=1).failure.code,
        render(pool, link).failure.code,
        render(pool, pipe).failure.code,
    ]

    assert failures == ["changed", "unreadable", "unreadable"]


def test_the_largest_format_is_made_of_the_original_and_never_larger(pool, tmp_path):
    path = write_photograph(tmp_path / "large.jpg", width=3000, height=2000)

    outcome = render(pool, path)

    sizes = {file.name: max(file.width, file.height) for file in outcome.files}
    assert sizes == {
        "large": 2560,
        "view": 1600,
        "thumbnail": 640,
    }
