import io

import pillow_heif
import pytest
import pyvips
from PIL import Image

from services.bytesource import LocalFile
from services.metadata.ifd import ASCII, LONG, SHORT, Entry, Layout, write_ifd
from services.metadata.packet import Packet, write_exif
from services.metadata.removal import remove
from services.metadata.splices import MetadataUnsupported
from services.metadata.traits import Traits
from services.metadata.window import HeldBytes
from tests.photographs import photograph
from tests.services.metadata.samples import SECRET, add_alpha, media_type, see


@pytest.fixture
def strip(samples):
    """Write content under a name, remove its metadata, and give both paths."""

    def strip_one(name, content):
        path = samples.named(f"{hash(content):x}.{name}", lambda path: path.write_bytes(content))
        return path, samples.change(path, remove(media_type(path), LocalFile(path)), "bare")

    return strip_one


def refuse(kind, content, reason):
    with pytest.raises(MetadataUnsupported, match=reason):
        remove(kind, HeldBytes(content))


def encode(method, picture=None, **options):
    return getattr(picture or photograph(), f"{method}save_buffer")(**options)


def test_what_stands_between_the_scans_of_a_jpeg_goes(samples, strip):
    content = samples.clean("jpg").read_bytes()
    second = content.index(b"\xff\xc4", content.index(b"\xff\xda"))
    comment = b"\xff\xfe\x00\x0ehush-comment"
    path, bare = strip("scans.jpg", content[:second] + comment + content[second:])

    assert bare.read_bytes() == content
    assert see(bare) == see(path)


def test_colours_that_only_exif_knows_stay(samples, strip):
    content = samples.clean("jpg").read_bytes()
    exif = b"Exif\x00\x00" + write_exif(Packet("hush"), Traits(1, is_adobe_rgb=True))
    segment = b"\xff\xe1" + (len(exif) + 2).to_bytes(2) + exif
    _, bare = strip("adobe.jpg", content[:2] + segment + content[2:])

    with Image.open(bare) as picture:
        inner = picture.getexif().get_ifd(0x8769)
        assert inner[0xA001] == 0xFFFF
        assert picture.getexif().get_ifd(0xA005)[1] == "R03"
    assert SECRET not in bare.read_bytes()


def test_the_preview_in_the_head_of_a_jpeg_goes(samples, strip):
    content = samples.clean("jpg").read_bytes()
    preview = b"JFIF\x00\x01\x02\x01\x00\x48\x00\x48\x02\x02hush-preview"
    _, bare = strip("jfif.jpg", b"\xff\xd8\xff\xe0\x00\x1c" + preview + content[2:])

    assert bare.read_bytes()[:20] == b"\xff\xd8\xff\xe0\x00\x10" + preview[:12] + b"\x00\x00"


def test_a_jpeg_without_an_end_is_refused(samples):
    refuse("image/jpeg", samples.clean("jpg").read_bytes()[:-2], "no end")


def test_a_png_with_a_part_that_nobody_may_ignore_is_refused(samples):
    content = samples.clean("png").read_bytes()
    part = b"\x00\x00\x00\x04HUSHhush\x00\x00\x00\x00"
    refuse("image/png", content[:33] + part + content[33:], "cannot be shown")


def test_every_frame_of_an_animated_png_stays(strip):
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "green", "blue")]
    made = io.BytesIO()
    frames[0].save(made, "png", save_all=True, append_images=frames[1:], duration=80, loop=3)
    content = made.getvalue().replace(b"IEND", b"tEXt", 0)
    path, bare = strip("animated.png", content)

    with Image.open(path) as before, Image.open(bare) as after:
        assert after.n_frames == 3 and after.info["loop"] == before.info["loop"]
        for number in range(3):
            before.seek(number)
            after.seek(number)
            assert after.tobytes() == before.tobytes()


def test_what_hides_in_a_frame_of_an_animated_webp_goes(strip):
    frames = pyvips.Image.arrayjoin([photograph(64, 48, seed) for seed in (1, 2)], across=1).copy()
    frames.set_type(pyvips.GValue.gint_type, "page-height", 48)
    content = encode("webp", frames, keep="none")
    at = content.index(b"ANMF")
    size = int.from_bytes(content[at + 4 : at + 8], "little")
    hidden = b"hush\x04\x00\x00\x00hush"
    frame = (size + len(hidden)).to_bytes(4, "little") + content[at + 8 : at + 8 + size] + hidden
    whole = content[: at + 4] + frame + content[at + 8 + size :]
    path, bare = strip("frame.webp", whole[:4] + (len(whole) - 8).to_bytes(4, "little") + whole[8:])

    assert see(bare) == see(path)
    assert SECRET not in bare.read_bytes()


def test_a_gif_that_draws_texts_is_refused(samples):
    content = samples.clean("gif").read_bytes()
    text = b"\x21\x01\x0c" + bytes(12) + b"\x04hush\x00"
    refuse("image/gif", content[:-1] + text + content[-1:], "drawn over")


def test_a_picture_of_a_million_parts_is_refused(samples):
    content = samples.clean("gif").read_bytes()
    refuse("image/gif", content[:-1] + b"\x21\xfe\x00" * 1_000_000 + b";", "too many parts")


def test_what_hides_behind_the_loops_of_a_gif_goes(samples, strip):
    content = samples.clean("gif").read_bytes()
    at = content.index(b"NETSCAPE2.0") + 15
    path, bare = strip("loops.gif", content[:at] + b"\x04hush" + content[at:])

    assert bare.read_bytes() == content
    assert see(bare) == see(path)


@pytest.mark.parametrize("options", [{"bigtiff": True}, {"tile": True, "compression": "jpeg"}])
def test_all_pages_of_a_tiff_stay(strip, options):
    pages = pyvips.Image.arrayjoin([photograph(64, 48, n) for n in range(3)], across=1).copy()
    pages.set_type(pyvips.GValue.gint_type, "page-height", 48)
    path, bare = strip("pages.tif", encode("tiff", pages, keep="none", **options))

    assert see(bare) == see(path)
    assert pyvips.Image.new_from_file(str(bare)).get("n-pages") == 3


@pytest.mark.parametrize("options", [{"subifd": True}, {}])
def test_reductions_in_a_tiff_go_and_its_picture_stays(strip, options):
    content = encode("tiff", photograph(600, 400), pyramid=True, tile=True, keep="none", **options)
    path, bare = strip("pyramid.tif", content)
    image = pyvips.Image.new_from_file(str(bare))

    assert image.write_to_memory() == pyvips.Image.new_from_file(str(path)).write_to_memory()
    assert image.get("n-pages") == 1 and not image.get_typeof("n-subifds")
    assert len(bare.read_bytes()) < len(content)


def write_tiff(order, *entries, pixels=b"\x10\x80\xf0\xff"):
    """Write a grey TIFF of 2 × 2 pixels with further entries, and bytes that nothing points to."""
    layout = Layout(order, is_big=False)

    def entry(tag, value, kind=LONG):
        return Entry(tag, kind, 1, layout.pack(value, 4 if kind == LONG else 2))

    shapes = {256: 2, 257: 2, 258: 8, 259: 1, 262: 1, 277: 1, 278: 2, 273: 16, 279: 4}
    shapes |= {tag: value for tag, value in entries if isinstance(value, int)}
    texts = [Entry(tag, ASCII, len(v), v) for tag, v in entries if isinstance(v, bytes)]
    kinds = {258: SHORT, 259: SHORT, 262: SHORT, 277: SHORT}
    listed = [entry(tag, value, kinds.get(tag, LONG)) for tag, value in shapes.items()]
    start = (b"II*\x00" if order == "little" else b"MM\x00*") + layout.pack(32, 4)
    return (
        start + b"hush-old" + pixels + b"hush-slack.." + write_ifd(layout, [*listed, *texts], 32, 0)
    )


@pytest.mark.parametrize("order", ["big", "little"])
def test_only_bytes_of_the_picture_stay_in_a_tiff(strip, order):
    secrets = [
        (271, b"hush-make\x00"),
        (34853, 40),
        (33922, b"hush-place\x00"),
        (50000, b"hush\x00"),
    ]
    path, bare = strip(f"{order}.tif", write_tiff(order, *secrets))

    assert SECRET in path.read_bytes() and SECRET not in bare.read_bytes()
    assert see(bare) == see(path)
    with Image.open(bare) as picture:
        assert not set(picture.tag_v2) & {271, 34853, 33922, 50000}


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ([(254, 1)], "only a preview"),
        ([(262, 32803)], "raw picture"),
        ([(50706, 1)], "raw picture"),
        ([(259, 34712)], "unusual way"),
        ([(259, 6)], "unusual way"),
        ([(330, 32)], "second picture"),
        ([(279, 4_000)], "not all there"),
        ([(273, 1 << 31)], "not all there"),
    ],
)
def test_a_tiff_that_may_hold_more_than_its_picture_is_refused(entries, reason):
    refuse("image/tiff", write_tiff("little", *entries), reason)


def test_a_tiff_whose_strips_have_metadata_is_refused():
    content = encode("tiff", compression="jpeg", keep="none")
    at = content.index(b"\xff\xd8\xff", 8)
    kind = content[at + 2 : at + 4]
    assert kind in (b"\xff\xdb", b"\xff\xc0", b"\xff\xc4")
    refuse("image/tiff", content.replace(kind, b"\xff\xe1", 1), "of their own")


def test_a_tiff_in_a_circle_is_refused():
    content = write_tiff("little")
    refuse("image/tiff", content[:-4] + (32).to_bytes(4, "little"), "circle")


@pytest.mark.parametrize("kind", ["heic", "avif"])
def test_transparency_stays_and_thumbnails_go(strip, kind):
    picture = add_alpha(photograph())
    if kind == "avif":
        content = encode("heif", picture, compression="av1", effort=0, keep="none")
    else:
        made = pillow_heif.from_pillow(Image.fromarray(picture.numpy()))
        made.info["thumbnails"] = [64]
        held = io.BytesIO()
        made.save(held, exif=b"Exif\x00\x00" + write_exif(Packet("hush")))
        content = held.getvalue()
    path, bare = strip(f"alpha.{kind}", content)

    assert see(bare) == see(path)
    with Image.open(bare) as opened:
        assert opened.mode == "RGBA" and not opened.info.get("thumbnails")
    assert SECRET not in bare.read_bytes()


def test_a_promise_of_a_gain_map_goes_with_the_map(samples, strip):
    content = samples.clean("avif").read_bytes().replace(b"miaf", b"tmap", 1)
    path, bare = strip("tmap.avif", content)

    assert b"tmap" not in bare.read_bytes()
    assert see(bare) == see(path)
    with Image.open(bare) as picture:
        picture.load()


def test_what_a_phone_writes_behind_a_picture_goes(samples, strip):
    content = samples.clean("heic").read_bytes()
    path, bare = strip("trailer.heic", content + b"\xff\xff\xff\xffSEFThush-behind")

    assert SECRET not in bare.read_bytes()
    assert see(bare) == see(path)


def test_a_sequence_of_pictures_is_refused():
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "blue")]
    made = io.BytesIO()
    frames[0].save(made, "avif", save_all=True, append_images=frames[1:])
    refuse("image/avif", made.getvalue(), "sequence")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"infe\x02", b"infe\x01", "old kind"),
        (b"hvc1\x00", b"jpeg\x00", "unusual way"),
        (b"pitm\x00\x00\x00\x00\x00\x01", b"pitm\x00\x00\x00\x00\x00\x77", "not all there"),
        (b"iprp", b"ipro", "protected"),
        (b"iloc", b"junk", "0 parts iloc"),
    ],
)
def test_a_heic_that_is_not_understood_is_refused(samples, old, new, reason):
    content = samples.clean("heic").read_bytes()
    assert old in content
    refuse("image/heic", content.replace(old, new, 1), reason)
