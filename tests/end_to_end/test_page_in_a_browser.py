import hashlib
import json
import zipfile
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from benchmarks.photographs import SAMPLES

SIZES = {"desktop": (1440, 1000), "phone": (390, 844), "narrow": (320, 640)}


@pytest.fixture
def visit(chromium, share, pictures):
    """Open a page of the share, remembering what it asks for and what it complains of."""
    contexts = []

    def open_page(path="", *, size="desktop", scheme="light", scripts=False):
        width, height = SIZES[size]
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            java_script_enabled=scripts,
            accept_downloads=True,
        )
        contexts.append(context)
        page = context.new_page()
        page.asked, page.complaints = [], []
        page.on("request", lambda one: page.asked.append(one.url))
        page.on("console", lambda one: page.complaints.append(one.text))
        page.on("requestfailed", lambda one: page.complaints.append(one.url))
        page.on("response", lambda one: one.ok or page.complaints.append(f"{one.status} {one.url}"))
        page.goto(share["link"] + path)
        page.wait_for_load_state("networkidle")
        page.screenshot(
            path=pictures / f"{path.strip('/').replace('/', '-') or 'share'}-{size}-{scheme}.png"
        )
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_page_asks_nobody_else_and_breaks_no_rule_of_its_own(visit, share, scripts):
    page = visit(scripts=scripts)

    assert {urlsplit(url).netloc for url in page.asked} == {urlsplit(share["link"]).netloc}
    assert page.complaints == []
    assert len([url for url in page.asked if "/i/" in url]) >= 8


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", sorted(SIZES))
@pytest.mark.parametrize("path", ["", "a/1/"])
def test_no_page_is_wider_than_its_window(visit, size, scheme, path):
    page = visit(path, size=size, scheme=scheme, scripts=True)

    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]


def test_every_picture_is_shown_in_its_own_shape(visit):
    page = visit("a/1/", scripts=True)

    shapes = page.evaluate(
        "[...document.images].map(i => [i.naturalWidth / i.naturalHeight, i.width / i.height])"
    )
    assert shapes
    assert all(natural == pytest.approx(shown, rel=0.02) for natural, shown in shapes)


def test_an_original_is_downloaded_by_keyboard_alone_and_is_the_very_file(visit):
    page = visit("a/1/")
    for _ in range(40):
        page.keyboard.press("Tab")
        focus = page.locator(":focus")
        if "/d/1/original" in (focus.get_attribute("href") or ""):
            break
    with page.expect_download() as started:
        page.keyboard.press("Enter")

    received = hashlib.sha256(started.value.path().read_bytes()).hexdigest()
    originals = {hashlib.sha256(path.read_bytes()).hexdigest() for path in SAMPLES.rglob("*.jpg")}
    assert received in originals


def test_the_first_tab_leads_past_the_heading_to_the_files(visit):
    page = visit()
    page.keyboard.press("Tab")

    assert page.locator(":focus").inner_text() == "To the files"


def test_a_link_that_opens_nothing_gets_a_page_and_no_hint(chromium, share, pictures):
    page = chromium.new_page(viewport={"width": 390, "height": 844})
    answer = page.goto(share["link"].replace("/s/", "/s/A")[:-1] + "/")
    page.screenshot(path=pictures / "unknown-phone-light.png")

    assert answer.status == 404
    assert "nothing at this address" in page.content()
    page.close()


def test_the_letter_shows_the_link_of_its_recipient_alone(stage, share, chromium, pictures):
    stage.wait_for_event(UUID(share["share"]), "letter:sent", count=2)
    letters = sorted((stage.home.path / "letters").glob("[!.]*.html"))
    links = set()
    for number, letter in enumerate(letters):
        page = chromium.new_page(viewport={"width": 700, "height": 900})
        page.goto(letter.as_uri())
        page.screenshot(path=pictures / f"letter-{number}.png")
        # The letter lies in a frame of its own, where it can run nothing.
        inside = page.frame_locator("iframe").locator("a").all()
        links |= {one.get_attribute("href") for one in inside}
        page.close()

    personal = {link for link in links if link and "/s/" in link}
    assert len(letters) == len(personal) == 2
    assert share["link"] not in personal


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_what_is_ticked_comes_as_one_zip_without_scripts(visit, pictures, size):
    page = visit(size=size)
    assert page.locator(".picked").is_hidden()
    names = []
    for position in (1, 3):
        card = page.locator(f".card:has(input[value='{position}'])")
        card.scroll_into_view_if_needed()
        card.hover()
        card.locator("input").check()
        names.append(card.locator("h3").inner_text())
    page.screenshot(path=pictures / f"ticked-{size}.png")

    with page.expect_download() as download:
        page.locator(".picked button[value='original']").click()

    with zipfile.ZipFile(download.value.path()) as bundle:
        manifest = json.loads(bundle.read("MANIFEST.json"))
    assert len(names) == len(manifest["files"]) == 2
