"""One whole stack for many tests, started as a user starts it, with the sample library."""

import os
from pathlib import Path

import pytest

from benchmarks.photographs import SAMPLES
from benchmarks.stage import staged
from tests.tools import need_tool

_QUIET = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="package")
def stage(tmp_path_factory):
    """A running stack in a path with a space; who breaks or changes it starts one of their own."""
    with staged(tmp_path_factory.mktemp("a stage") / "home", SAMPLES) as made:
        yield made


@pytest.fixture(scope="package")
def share(stage):
    """What the desk says of a share of the whole sample library, with two letters."""
    return publish(stage, "everything", contact_lists=["press"])


def publish(stage, key, **changes):
    """Publish through the deployment, and return what the desk says of the open share."""
    request = {"owner": "anna", "title": "Autumn", "folder": "/", "request_key": key}
    run = stage.publish(request | changes)
    found = stage.wait_for_share(key)
    assert stage.wait_for_run(run) == "COMPLETED"
    return found | {"run": run}


@pytest.fixture(scope="module")
def chromium():
    """A browser without windows, for one module: while it runs, its loop runs in this thread."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only these tests need it

    path = need_tool("chromium")
    sandbox = [] if os.geteuid() else ["--no-sandbox"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*_QUIET, *sandbox])
        yield browser
        browser.close()


@pytest.fixture
def pictures(tmp_path):
    """Where screenshots go: kept if `SCREENSHOTS` names a folder."""
    folder = Path(os.environ.get("SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
