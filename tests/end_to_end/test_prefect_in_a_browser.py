import re
from urllib.parse import urlsplit

import pytest


@pytest.fixture
def ui(chromium, stage):
    context = chromium.new_context(viewport={"width": 1440, "height": 1000})
    page = context.new_page()
    page.asked = []
    page.on("request", lambda one: page.asked.append(one.url))
    page.set_default_timeout(20_000)
    yield page
    context.close()


def test_an_operator_publishes_with_the_form_and_sees_the_run(ui, stage, pictures):
    deployment = stage.api.get("/deployments/name/publish-share/publish-share").json()["id"]
    ui.goto(f"{stage.state['prefect_url']}/deployments/deployment/{deployment}/run")
    ui.get_by_text("Available until").first.wait_for()
    ui.screenshot(path=pictures / "form.png", full_page=True)

    fill(ui, "Owner", "anna")
    fill(ui, "Title", "From the form")
    fill(ui, "Folder", "House")
    fill(ui, "Request key", "from-the-form")
    ui.screenshot(path=pictures / "form-filled.png", full_page=True)
    ui.get_by_role("button", name="Submit").click()

    share = stage.wait_for_share("from-the-form")
    run = find_run(stage, deployment, "from-the-form")
    assert stage.wait_for_run(run) == "COMPLETED"
    ui.goto(f"{stage.state['prefect_url']}/runs/flow-run/{run}")
    ui.wait_for_load_state("networkidle")
    ui.screenshot(path=pictures / "run.png", full_page=True)
    assert share["state"] == "open"
    assert share["assets"] > 5
    assert {urlsplit(url).hostname for url in ui.asked if url.startswith("http")} == {"127.0.0.1"}


def find_run(stage, deployment, key):
    """The one run of a deployment for the request with a key."""
    body = {"deployments": {"id": {"any_": [deployment]}}}
    runs = stage.api.post("/flow_runs/filter", json=body).json()
    (run,) = [one for one in runs if one["parameters"]["request"]["request_key"] == key]
    return run["id"]


def fill(ui, label, text):
    field = ui.locator(".schema-form-property").filter(has_text=re.compile(rf"^\s*{label}"))
    field.locator("textarea").last.fill(text)
