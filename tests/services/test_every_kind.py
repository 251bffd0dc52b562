"""One share with an asset of every kind: what is made of each, and what its page shows."""

import re
import subprocess

import imageio_ffmpeg
import pytest
import pyvips
from sqlalchemy import select
from starlette.testclient import TestClient

from gateway.app import create_app
from models import Inspection, Rendition, RenditionRef, SharedAsset
from models.kinds import RenditionState
from services.history import list_kinds
from tests.photographs import photograph, write_photograph
from tests.publishing import a_request, link_of, publish

PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Count 3/Kids[3 0 R 3 0 R 3 0 R]>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 300]>>endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF\n"
)
YAML = """
users: {owner: {may_share: ["/"]}}
playlists:
  list: {title: "The list", folder: "Film", entries: ["Film/clip.mp4", "Sound/tone.wav", "Spin 360", "Pictures/ridge.jpg"]}
"""


def make_clip(path, *options):
    path.parent.mkdir(parents=True, exist_ok=True)
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-y", *options, str(path)]
    subprocess.run(command, check=True)


@pytest.fixture
def library(tmp_path):
    root = tmp_path / "library"
    film = ("-f", "lavfi", "-i", "testsrc2=s=320x180:r=12:d=12", "-f", "lavfi", "-i", "sine=d=12")
    make_clip(root / "Film" / "clip.mp4", *film, "-pix_fmt", "yuv420p", "-c:a", "aac")
    (root / "Film" / "clip.en.srt").write_text("1\n00:00:00,500 --> 00:00:02,000\nGood morning\n")
    make_clip(root / "Sound" / "tone.wav", "-f", "lavfi", "-i", "sine=d=3")
    write_photograph(root / "Pictures" / "ridge.jpg")
    frames = [photograph(60, 40, seed) for seed in range(4)]
    moving = pyvips.Image.arrayjoin(frames, across=1).copy()
    moving.set_type(pyvips.GValue.gint_type, "page-height", 40)
    moving.gifsave(str(root / "Pictures" / "moving.gif"))
    for number in range(1, 9):
        write_photograph(root / "Spin 360" / f"bowl_{number:02}.jpg", seed=number)
    (root / "Press").mkdir()
    (root / "Press" / "release.pdf").write_bytes(PDF)
    (root / "Press" / "notes.txt").write_text("Words of the house.\n")
    (root / "Press" / "table.docx").write_bytes(b"PK\x03\x04" + b"\0" * 26 + b"word/document.xml")
    (root / "library.yaml").write_text(YAML)
    return root


@pytest.fixture
def share(installation):
    return publish(installation)


@pytest.fixture
def pages(installation, share):
    """The page of each asset by its id, and how to get what it shows."""
    with installation.transaction() as session:
        rows = session.execute(select(SharedAsset.asset_id, SharedAsset.position))
        places = dict(rows.all())
    with TestClient(create_app(installation)) as browser:
        link = link_of(installation, share)
        yield (
            {name: browser.get(f"{link}a/{place}/").text for name, place in places.items()},
            (lambda address, **options: browser.get(link + address, **options)),
        )


def names_of(installation, share, asset_id):
    with installation.transaction() as session:
        rows = session.execute(
            select(RenditionRef.part, RenditionRef.format)
            .join(Rendition, Rendition.key == RenditionRef.key)
            .join(
                SharedAsset,
                (SharedAsset.share_id == RenditionRef.share_id)
                & (SharedAsset.position == RenditionRef.position),
            )
            .where(
                SharedAsset.share_id == share,
                SharedAsset.asset_id == asset_id,
                Rendition.state == RenditionState.PRESENT,
            )
        )
        return {(row.part, row.format) for row in rows}


EXPECTED = {
    "Pictures/ridge.jpg": {"thumbnail", "view", "web", "large"},
    "Pictures/moving.gif": {"thumbnail", "view", "web", "large", "moving"},
    "Film/clip.mp4": {"thumbnail", "view", "moving", "storyboard", "player", "film"},
    "Sound/tone.wav": {"player", "peaks", "sound"},
    "Press/release.pdf": {"thumbnail", "page-1", "page-2", "page-3"},
    "Press/notes.txt": {"text"},
    "Press/table.docx": set(),
}


def test_of_each_kind_is_made_what_its_page_and_its_formats_need(installation, share):
    made = {one: names_of(installation, share, one) for one in EXPECTED}
    of_set = names_of(installation, share, "Spin 360")

    assert {
        one: {name for part, name in names if part == 1} for one, names in made.items()
    } == EXPECTED
    assert of_set == {(1, "thumbnail"), *((number, "frame") for number in range(1, 9))}


def test_pages_show_play_and_read_what_they_are_of_and_that_is_no_download(
    installation, share, pages
):
    texts, get = pages

    assert_playlist(texts["list"])
    assert_film(texts["Film/clip.mp4"], get)
    assert re.search(r'class="outline".*<path d="M', texts["Sound/tone.wav"])
    assert texts["Press/release.pdf"].count("/page-") == 3
    assert "Words of the house." in texts["Press/notes.txt"]
    assert ">DOCX<" in texts["Press/table.docx"]
    with installation.transaction() as session:
        assert "download:started" not in list_kinds(session, share)


def assert_playlist(page):
    places = [page.index(words) for words in ("clip", "tone", "Spin 360", "ridge")]
    assert page.count("<video") == 1 and page.count("<audio") == 1
    assert places == sorted(places)
    assert page.count("/frame") >= 8


def assert_film(page, get):
    (film,) = re.findall(r'<source src="\.\./\.\./([^"]+)" type="video/mp4"', page)
    (track,) = re.findall(r'<track kind="subtitles" src="\.\./\.\./([^"]+)" srclang="en"', page)
    part = get(film, headers={"range": "bytes=0-99"})
    assert "poster=" in page and "/storyboard" in page and 'label="English"' in page
    assert (part.status_code, part.headers["content-type"]) == (206, "video/mp4")
    assert get(film).status_code == 200
    assert get(track).text.startswith("WEBVTT") and "Good morning" in get(track).text


def test_what_was_found_inside_is_kept_and_never_looked_for_again(installation, share):
    with installation.transaction() as session:
        before = session.scalars(select(Inspection.inspected_at)).all()
        film = session.scalars(
            select(SharedAsset).where(SharedAsset.asset_id == "Film/clip.mp4")
        ).one()
        made = session.scalars(select(Rendition.key)).all()
        ids = session.scalars(select(SharedAsset.asset_id)).all()
    # Subtitles belong to their film, and are no asset.
    assert [part["role"] for part in film.parts] == ["original", "subtitles"]
    assert not any(one.endswith(".srt") for one in ids)

    publish(installation, a_request(title="Again"))

    assert (film.facts["width"], film.facts["height"]) == (320, 180)
    assert abs(film.facts["duration_ms"] - 12_000) < 300
    with installation.transaction() as session:
        assert session.scalars(select(Inspection.inspected_at)).all() == before
        assert session.scalars(select(Rendition.key)).all() == made


def test_office_files_are_shown_where_a_converter_is_configured(installation, library, tmp_path):
    (tmp_path / "made.pdf").write_bytes(PDF)
    command = f"cp '{tmp_path / 'made.pdf'}' {{folder}}/file.pdf"
    installation.settings = installation.settings.model_copy(update={"office_converter": command})

    share = publish(installation)

    made = names_of(installation, share, "Press/table.docx")
    assert {"thumbnail", "page-1", "page-2", "page-3"} <= {name for _, name in made}
