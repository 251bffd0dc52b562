"""Files and words that mean harm, in real browsers: they are taken, and do nothing."""

import contextlib

import pytest

from benchmarks.stage import staged
from tests.end_to_end.conftest import publish
from tests.end_to_end.firefox import running_firefox
from tests.photographs import write_photograph
from tests.tools import need_tool

PASSWORD = "larch <b>meadow"
SCRIPT = "<script>window.harmed = 1; top.harmed = 1; alert(1)</script>"
SVG = f'<svg xmlns="http://www.w3.org/2000/svg" onload="top.harmed=1" width="9" height="9">{SCRIPT}</svg>'
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\ntrailer<</Root 1 0 R>>"
FILES = {
    "drawing.svg": SVG.encode(),
    "page.html": f"<!DOCTYPE html><title>x</title>{SCRIPT}".encode(),
    "page.xhtml": f'<html xmlns="http://www.w3.org/1999/xhtml">{SCRIPT}</html>'.encode(),
    "paper.pdf": PDF,
    "polyglot.jpg": b"\xff\xd8\xff\xe0" + f"<html>{SCRIPT}".encode(),
    "polyglot.gif": b"GIF89a/*" + f"*/=1;{SCRIPT}".encode(),
    "style.css": b"body{background:url(//elsewhere.example)}",
    "code.js": b"window.harmed = 1",
    "feed.xml": b'<?xml version="1.0"?><?xml-stylesheet href="javascript:top.harmed=1"?><a/>',
    'quote" onerror=alert(1) x=".jpg': None,
    "<img src=x onerror=top.harmed=1>.jpg": None,
    "\u202egpj.exe.jpg": None,
}
DESCRIPTION = """
users: {owner: {name: "<img src=x onerror=top.harmed=1>", email: "a@b.example", may_share: ["/"]}}
classifications: {Theme: {managed_by: [owner]}}
assets:
  drawing.svg:
    title: "</h3><script>top.harmed=1</script>"
    description: "\\" onmouseover=\\"top.harmed=1"
    classified: {Theme: ["<svg onload=top.harmed=1>"]}
"""
TERMS = "# House\\n\\n<script>top.harmed=1</script> [x](javascript:top.harmed=1) <img src=x onerror=top.harmed=1>"


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    library = tmp_path_factory.mktemp("hostile library")
    for number, (name, content) in enumerate(FILES.items()):
        if content is None:
            write_photograph(library / name, seed=number)
        else:
            (library / name).write_bytes(content)
    (library / "library.yaml").write_text(DESCRIPTION)
    with staged(tmp_path_factory.mktemp("hostile") / "home", library) as made:
        yield made


@pytest.fixture(scope="module")
def share(stage):
    words = "</title><script>top.harmed=1</script>"
    return publish(
        stage, "hostile", owner="owner", title=words, message=words, visibility="complete"
    )


@pytest.fixture(scope="module")
def gated(stage):
    """A share behind a password and terms."""
    import httpx  # noqa: PLC0415

    headers = {"Authorization": f"Bearer {stage.home.read_keys()['VITRINE_DESK_KEY']}"}
    desk = stage.state["desk_url"]
    password = httpx.post(f"{desk}/passwords", headers=headers, json={"password": PASSWORD})
    terms = httpx.post(f"{desk}/terms", headers=headers, json={"texts": {"en": TERMS}})
    return publish(
        stage,
        "gated",
        owner="owner",
        password=password.json()["password"],
        terms=terms.json()["terms"],
    )


@pytest.fixture(scope="module")
def firefox():
    with running_firefox(need_tool("firefox-esr")) as browser:
        yield browser


@pytest.fixture
def tab(chromium):
    context = chromium.new_context(accept_downloads=True)
    page = context.new_page()
    page.complaints, page.prompts = [], []
    page.on("console", lambda one: page.complaints.append(one.text))
    page.on("pageerror", lambda one: page.complaints.append(str(one)))
    page.on("dialog", lambda one: (page.prompts.append(one.message), one.dismiss()))
    yield page
    context.close()


def list_addresses(share):
    """The pages of the share, and every way to take each asset."""
    positions = range(1, share["assets"] + 1)
    pages = ["", *(f"a/{n}/" for n in positions)]
    return pages, [f"d/{n}/{way}" for n in positions for way in ("original", "web")]


def test_in_chromium_nothing_that_an_owner_shares_runs(tab, share):
    from playwright.sync_api import Error  # noqa: PLC0415

    pages, downloads = list_addresses(share)
    assert share["assets"] == len(FILES)
    for address in pages:
        tab.goto(share["link"] + address)
        assert tab.evaluate("window.harmed") is None
        assert tab.evaluate("document.querySelectorAll('script, [onload], [onerror]').length") == 0
    for address in downloads:
        # Navigating to it as a link on another site would.
        with contextlib.suppress(Error):
            tab.goto(share["link"] + address)
        assert tab.evaluate("window.harmed") is None

    assert tab.prompts == []
    assert [one for one in tab.complaints if "404" not in one and "409" not in one] == []


def test_in_firefox_nothing_that_an_owner_shares_runs(firefox, share):
    firefox.said.clear()
    pages, downloads = list_addresses(share)
    for address in pages:
        firefox.open(share["link"] + address)
        assert firefox.run("window.harmed") is None
        count = "document.querySelectorAll('script, [onload], [onerror]').length"
        assert firefox.run(count) == 0
    for address in downloads:
        firefox.open(share["link"] + address, wait="none")
    firefox.open(share["link"])

    assert firefox.run("window.harmed") is None
    assert [one for one in firefox.said if "Content-Security" in one or "Prompt" in one] == []


def test_in_chromium_the_forms_work_under_their_policies(tab, gated):
    tab.goto(gated["link"])
    tab.fill("#password", "wrong")
    tab.click("[type=submit]")
    assert "not the password" in tab.inner_text("[role=alert]")
    tab.fill("#password", PASSWORD)
    tab.click("[type=submit]")
    assert "Please read the terms" in tab.inner_text("h1")
    assert tab.evaluate("window.harmed") is None
    tab.check("[name=accepted]")
    tab.click("[type=submit]")

    assert tab.url == gated["link"]
    assert "<script>" in tab.inner_text("main")
    assert tab.prompts == []
    assert [one for one in tab.complaints if "401" not in one and "403" not in one] == []


def test_in_firefox_the_forms_work_under_their_policies(firefox, gated):
    firefox.said.clear()
    firefox.open(gated["link"])
    firefox.run(f"document.querySelector('#password').value = {PASSWORD!r}")
    firefox.send("form")
    assert "Please read the terms" in firefox.run("document.querySelector('h1').innerText")
    firefox.run("document.querySelector('[name=accepted]').checked = true")
    firefox.send("form")

    assert firefox.run("location.href") == gated["link"]
    assert "<script>" in firefox.run("document.querySelector('main').innerText")
    assert firefox.run("window.harmed") is None
    assert [one for one in firefox.said if "Content-Security" in one or "Prompt" in one] == []
