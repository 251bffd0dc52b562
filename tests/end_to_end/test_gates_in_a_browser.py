"""What stands before a share, as people see it: two brands, wide and narrow, light and dark."""

import shutil
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from benchmarks.stage import ROOT
from models import Share
from tests.publishing import a_request, link_of, publish

SIZES = {"desktop": (1440, 900), "phone": (390, 844)}
BRANDS = {
    "halden": [
        *("--logo", str(ROOT / "samples" / "halden-logo.svg")),
        *("--dark-logo", str(ROOT / "samples" / "halden-logo-dark.svg")),
        *("--company", "Halden", "--accent", "#8a3b1e", "--contact", "press@halden.example"),
        *("--privacy-url", "https://halden.example/privacy"),
    ],
    "nordlys": [
        *("--logo", str(ROOT / "samples" / "halden-logo.svg"), "--dark-logo", "none"),
        *("--company", "Nordlys", "--accent", "#ffd400", "--contact", "none"),
    ],
}
NO_BRAND = [
    word
    for option in ("logo", "dark-logo", "company", "accent", "privacy-url", "contact")
    for word in (f"--{option}", "none")
]
TERMS = """# Terms of use

These photographs may be printed and shown by the press to report on Halden, until the share closes.

1. Name the photographer beside each picture.
2. Crop, but do not change what is in it.
3. Ask us before you use one on a cover, or for advertising.

Everything else stays with Halden AB. Write to us when you are not sure.
"""


@pytest.fixture(scope="module")
def links(stage):
    """For each brand a share behind each gate."""
    password = ask(stage, "/passwords", password="larch meadow")["password"]
    terms = ask(stage, "/terms", texts={"en": TERMS})["terms"]
    gates = {"open": {}, "password": {"password": password}, "terms": {"terms": terms}}
    found = {}
    for brand, options in BRANDS.items():
        set_brand(stage, options)
        for name, changes in (gates | {"closed": {}, "failed": {}}).items():
            share, found[brand, name] = share_house(stage, f"{brand}-{name}", **changes)
            if name == "closed":
                with stage.installation.transaction() as session:
                    session.get_one(Share, share).expires_at = datetime(2026, 1, 2, tzinfo=UTC)
            if name == "failed":
                # Its pages are gone: that is our failure, and the page has to say so.
                shutil.rmtree(stage.home.path / "store" / "pages" / str(share))
        found[brand, "not found"] = found[brand, "open"].replace("/s/", "/s/x")
    set_brand(stage, NO_BRAND)
    return found


def ask(stage, path, **body):
    return stage.desk.post(path, json=body).raise_for_status().json()


def share_house(stage, key, **changes):
    """Publish without Prefect, which would start a process for each; return the share's id and link."""
    request = a_request(owner="anna", folder="House", request_key=key, **changes)
    share = publish(stage.installation, request)
    path = link_of(stage.installation, share)
    return share, stage.state["public_url"].rstrip("/") + path


def set_brand(stage, options):
    command = [sys.executable, "-m", "deployments.commands.main", "brand", "set", *options]
    environment = {"VITRINE_HOME": str(stage.home.path), "PATH": "/usr/bin:/bin"}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", sorted(SIZES))
@pytest.mark.parametrize("gate", ["open", "password", "terms", "closed", "not found", "failed"])
@pytest.mark.parametrize("brand", sorted(BRANDS))
def test_a_gate_fits_its_window_and_breaks_no_rule(
    chromium, links, pictures, brand, gate, size, scheme
):
    width, height = SIZES[size]
    context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    page = context.new_page()
    complaints = []
    page.on("console", lambda one: complaints.append(one.text))
    page.goto(links[brand, gate])
    page.screenshot(path=pictures / f"{brand}-{gate}-{size}-{scheme}.png")

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [one for one in complaints if "the server responded with" not in one] == []
    assert page.locator(".logo").count() == (0 if gate == "not found" else 1)
    accent = page.evaluate(
        "getComputedStyle(document.documentElement).getPropertyValue('--accent-fill')"
    )
    own = {"halden": "#8a3b1e", "nordlys": "#ffd400"}[brand]
    assert accent.strip() == ("#1f4d43" if gate == "not found" else own)
    context.close()
