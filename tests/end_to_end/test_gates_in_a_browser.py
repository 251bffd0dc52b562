"""What stands before a share, as people see it: two brands, wide and narrow, light and dark."""

import shutil
import subprocess
import sys

import httpx
import pytest

from benchmarks.photographs import SAMPLES
from benchmarks.stage import ROOT, staged
from tests.end_to_end.conftest import publish

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
TERMS = """# Terms of use

These photographs may be printed and shown by the press to report on Halden, until the share closes.

1. Name the photographer beside each picture.
2. Crop, but do not change what is in it.
3. Ask us before you use one on a cover, or for advertising.

Everything else stays with Halden AB. Write to us when you are not sure.
"""


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    with staged(tmp_path_factory.mktemp("gates") / "home", SAMPLES) as made:
        yield made


@pytest.fixture(scope="module")
def links(stage):
    """For each brand a share behind each gate."""
    headers = {"Authorization": f"Bearer {stage.home.read_keys()['VITRINE_DESK_KEY']}"}

    def ask(method, path, **body):
        answer = httpx.request(
            method, f"{stage.state['desk_url']}{path}", headers=headers, json=body
        )
        return answer.raise_for_status().json()

    password = ask("POST", "/passwords", password="larch meadow")["password"]
    terms = ask("POST", "/terms", texts={"en": TERMS})["terms"]
    found = {}
    for brand, options in BRANDS.items():
        command = [sys.executable, "-m", "deployments.commands.main", "brand", "set", *options]
        environment = {"VITRINE_HOME": str(stage.home.path), "PATH": "/usr/bin:/bin"}
        subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
        wanted = {"open": {}, "password": {"password": password}, "terms": {"terms": terms}}
        for name, changes in (wanted | {"closed": {}}).items():
            share = publish(stage, f"{brand}-{name}", folder="House", **changes)
            found[brand, name] = share["link"]
            if name == "closed":
                with stage.installation.transaction() as session:
                    session.connection().exec_driver_sql(
                        "UPDATE share SET expires_at = '2026-01-02' WHERE request_key = %s",
                        (f"{brand}-{name}",),
                    )
        found[brand, "not found"] = share["link"].replace("/s/", "/s/x")
        # Its pages are gone: that is our failure, and the page has to say so.
        broken = publish(stage, f"{brand}-failed", folder="House")
        shutil.rmtree(stage.home.path / "store" / "pages" / broken["share"])
        found[brand, "failed"] = broken["link"]
    return found


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
