"""Tests about the repository itself."""

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from prefect.flows import Flow

from models.kinds import EventKind
from services.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = [
    "deployments",
    "flows",
    "gateway",
    "migrations",
    "models",
    "page_builder",
    "services",
    "tasks",
]
TRACKED = subprocess.run(
    ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
    cwd=ROOT, capture_output=True, text=True, check=True,
).stdout.splitlines()  # fmt: skip
CODE = [
    name
    for name in TRACKED
    if name.endswith((".py", ".html", ".css", ".sh")) and (ROOT / name).exists()
]


@pytest.mark.parametrize("name", CODE)
def test_no_file_is_longer_than_300_lines(name):
    assert len((ROOT / name).read_text().splitlines()) <= 300


@pytest.mark.parametrize("name", [name for name in CODE if "/templates/" in name])
def test_no_template_is_longer_than_60_lines(name):
    assert len((ROOT / name).read_text().splitlines()) <= 60


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_explained_and_in_the_example(name):
    variable = f"VITRINE_{name.upper()}"

    assert Settings.model_fields[name].description
    assert f"`{variable}`" in (ROOT / "docs" / "settings.md").read_text()
    assert re.search(rf"^{variable}=", (ROOT / ".env.example").read_text(), re.MULTILINE)


def test_the_example_sets_nothing_that_does_not_exist():
    named = set(re.findall(r"^VITRINE_(\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))

    assert named == {name.upper() for name in Settings.model_fields}


def test_every_kind_of_event_is_explained_once_in_the_history_page():
    page = (ROOT / "docs" / "history.md").read_text().partition("## Kinds of events")[2]
    table = page.partition("\n## ")[0]
    rows = [
        re.split(r"(?<!\\)\|", line)[1:-1] for line in table.splitlines() if line.startswith("| `")
    ]

    assert sorted(row[0].strip(" `") for row in rows) == sorted(kind.value for kind in EventKind)
    assert all(len(row) == 4 and row[1].strip() for row in rows)


DEPLOYMENTS = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda one: one["name"])
def test_every_entrypoint_loads(deployment):
    module, _, name = deployment["entrypoint"].rpartition(".")

    assert isinstance(getattr(importlib.import_module(module), name), Flow)


def test_every_field_of_a_run_form_explains_itself():
    for deployment in DEPLOYMENTS:
        module, _, name = deployment["entrypoint"].rpartition(".")
        flow = getattr(importlib.import_module(module), name)
        for model in flow.parameters.definitions.values():
            for field in model["properties"].values():
                assert field["title"] and field["description"]
                assert "anyOf" not in field


@pytest.mark.parametrize("package", PACKAGES)
def test_no_package_hides_another_module(package):
    found = importlib.import_module(package)

    assert Path(found.__file__).parent == ROOT / package
    assert package not in sys.stdlib_module_names
    for module in (ROOT / "flows").glob("*.py"):
        assert module.stem not in PACKAGES


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_file_pins_with_hashes_and_names_no_host(name):
    text = (ROOT / name).read_text()

    assert "://" not in text
    pinned = re.findall(r"^[a-z0-9][\w.-]*(?:\[[\w,]+\])?==", text, re.MULTILINE | re.IGNORECASE)
    assert len(pinned) > 100
    assert text.count("--hash=sha256:") > len(pinned)


def test_every_environment_variable_is_read_in_one_module():
    readers = [
        name
        for name in CODE
        if name.endswith(".py") and name.split("/")[0] in PACKAGES
        and re.search(r"os\.(environ|getenv)", (ROOT / name).read_text())
    ]  # fmt: skip

    assert readers == ["services/settings.py"]


def sets_the_state_of_a_share(node):
    """Whether a piece of code writes a state of shares: to a row, in a statement or as SQL."""
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = [ast.unparse(one) for one in targets if isinstance(one, ast.Attribute)]
        is_of_share = "share.state" in names or "ShareState" in ast.unparse(node)
        return is_of_share and any(name.endswith(".state") for name in names)
    if isinstance(node, ast.keyword):
        return node.arg == "state" and "ShareState" in ast.unparse(node.value)
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        return any(
            key is not None and ast.unparse(key) in {"'state'", "Share.state"}
            and "ShareState" in ast.unparse(value)
            for key, value in pairs
        )  # fmt: skip
    text = node.value if isinstance(node, ast.Constant) else ""
    setting = r'UPDATE "?share"? SET (?:(?!\b(?:FROM|WHERE)\b).)*\bstate\s*='
    return isinstance(text, str) and bool(re.search(setting, text, re.DOTALL))


def test_the_state_of_a_share_is_set_in_one_place():
    setters = [
        name
        for name in CODE
        if name.endswith(".py") and name.split("/")[0] in PACKAGES
        and any(map(sets_the_state_of_a_share, ast.walk(ast.parse((ROOT / name).read_text()))))
    ]  # fmt: skip

    assert setters == ["services/lifecycle.py"]


@pytest.mark.parametrize("word", ["utils", "helpers", "common", "manager"])
def test_no_drawer_for_everything(word):
    assert not [name for name in TRACKED if Path(name).stem == word]


def test_every_local_link_of_the_docs_leads_somewhere():
    for name in [name for name in TRACKED if name.endswith(".md")]:
        page = ROOT / name
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{name}: {target}"
