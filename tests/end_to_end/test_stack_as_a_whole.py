import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from benchmarks.photographs import SAMPLES
from benchmarks.proofs.gateway_kills import kill_gateways
from benchmarks.proofs.kills import kill_and_repeat
from benchmarks.stage import ROOT, staged
from deployments.stack.home import Home
from deployments.stack.processes import find_processes
from tests.end_to_end.conftest import publish
from tests.tools import need_tool

VITRINE = [sys.executable, "-m", "deployments.commands.main"]


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """A stack of this module alone, which kills its parts and takes its files back."""
    with staged(tmp_path_factory.mktemp("a stage") / "home", SAMPLES) as made:
        yield made


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory):
    """The home of a demonstration that has ended, and what it printed."""
    path = tmp_path_factory.mktemp("demonstration") / "a home"
    process = start(path, "demo", "--once", "--folder", "House", stdout=-1, stderr=-3)
    output, _ = process.communicate(timeout=180)
    assert process.returncode == 0
    return Home(path.resolve()), output


def start(home, *words, **streams):
    environment = {**os.environ, "VITRINE_HOME": str(home), "VITRINE_LIBRARY": str(SAMPLES)}
    return subprocess.Popen([*VITRINE, *words], env=environment, cwd=ROOT, text=True, **streams)


def test_the_demonstration_ends_with_one_line_that_proves_it(demonstration):
    home, output = demonstration

    found = json.loads(output.splitlines()[-1])
    assert found["zip_ok"] is True
    assert found["history"][-2:] == ["download:started", "download:finished"]
    assert found["history"].count("share:published") == 1
    assert json.loads((home.path / "demo.json").read_text())["assets"] == found["assets"]
    assert find_processes(home.mark) == []


def test_ctrl_c_stops_everything_and_the_next_start_finds_the_shares_again(demonstration):
    home, output = demonstration
    path = urlsplit(json.loads(output.splitlines()[-1])["share_url"]).path
    for _ in range(2):
        (home.path / "state.json").unlink(missing_ok=True)
        process = start(home.path, "up", stdout=subprocess.DEVNULL)
        wait_for(home.path / "state.json", process)
        state = json.loads((home.path / "state.json").read_text())
        assert httpx.get(state["public_url"].rstrip("/") + path).status_code == 200
        assert psutil.Process(process.pid).is_running()
        process.send_signal(signal.SIGINT)

        assert process.wait(timeout=40) == 0
        assert find_processes(home.mark) == []


def wait_for(path, process):
    deadline = time.monotonic() + 120
    while not path.exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_second_stack_in_the_same_home_is_refused(stage):
    process = start(stage.home.path, "up", stdout=-1, stderr=-2)

    assert "runs already" in process.communicate(timeout=60)[0]
    assert process.returncode == 1


def test_a_part_that_is_killed_is_started_again(stage):
    stage.kill("gateway.app:create")

    deadline = time.monotonic() + 30
    while not stage.find("gateway.app:create") and time.monotonic() < deadline:
        time.sleep(0.1)
    assert publish(stage, "after the fall".replace(" ", "-"), folder="House")["state"] == "open"


def test_a_database_that_is_killed_is_started_again_and_nothing_is_lost(stage):
    before = stage.count("share")
    servers = [one for one in find_processes(stage.home.mark) if one.name() == "postgres"]
    assert servers
    for one in servers:
        with contextlib.suppress(psutil.NoSuchProcess):
            one.kill()

    deadline = time.monotonic() + 60
    while not stage.api.get("/ready").is_success and time.monotonic() < deadline:
        time.sleep(0.1)
    share = publish(stage, "after-the-database", folder="House")
    assert share["state"] == "open"
    assert httpx.get(share["link"]).status_code == 200
    assert stage.count("share") == before + 1


def test_the_lines_of_the_integrators_guide_work_as_printed(stage, tmp_path):
    for tool in ("bash", "curl", "sed", "python3"):
        need_tool(tool)
    blocks = re.findall(
        r"```bash\n(.*?)```", (ROOT / "docs" / "integration.md").read_text(), re.DOTALL
    )
    script = "\n".join(blocks[:3])
    for printed, ours in {
        "http://127.0.0.1:4200": stage.state["prefect_url"],
        "http://127.0.0.1:8301": stage.state["desk_url"],
        ".vitrine/keys.env": f"'{stage.home.path}/keys.env'",
    }.items():
        assert printed in script
        script = script.replace(printed, ours)
    said = subprocess.run(["bash", "-euc", script], capture_output=True, text=True, check=True)

    assert "invitation" in said.stdout
    share = stage.wait_for_share("dam-4711")
    state = subprocess.run(
        ["bash", "-euc", "\n".join([script.split("curl")[0], blocks[3]])],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(state.stdout)["link"] == share["link"]
    later = "\n".join([script.split("curl")[0], *blocks[4:]])
    said = subprocess.run(["bash", "-euc", later], capture_output=True, text=True, check=True)
    assert '"warnings":[]' in said.stdout
    assert '{"terms":"' in said.stdout
    assert '"changed":["logo","company","accent","privacy_url","contact"]' in said.stdout
    assert '"changed":["downloads","expiry"]' in said.stdout
    assert httpx.get(share["link"]).status_code == 404


def test_no_token_address_or_key_stands_in_prefects_database_or_in_a_log(stage):
    secret_word = "larch-meadow-copper"
    key = stage.home.read_keys()["VITRINE_DESK_KEY"]
    given = httpx.post(
        f"{stage.state['desk_url']}/passwords",
        headers={"Authorization": f"Bearer {key}"},
        json={"password": secret_word},
    )
    password = given.json()["password"]
    share = publish(stage, "searched", folder="House", contact_lists=["press"], password=password)
    own = {"sec-fetch-site": "same-origin"}
    for word in ("wrong-meadow-tide", secret_word):
        httpx.post(f"{share['link']}password", data={"password": word}, headers=own)
    stage.wait_for_event(None, "letter:sent", count=2)
    token = share["link"].rstrip("/").rpartition("/")[2]
    secrets = [token, "@", *stage.home.read_keys().values(), secret_word, "wrong-meadow-tide"]

    dump = dump_prefect(stage)
    logs = "".join(path.read_text(errors="replace") for path in (stage.home.path / "log").iterdir())

    assert share["share"] in dump
    hits = [secret for secret in secrets[:1] + secrets[2:] if secret in dump or secret in logs]
    assert hits == []
    addresses = re.findall(r"[\w.]+@[\w-]+\.example", dump + logs)
    assert addresses == []


def test_every_download_that_a_killed_gateway_answered_is_on_record(stage):
    found = kill_gateways(stage, 2)

    assert found["proven"], found


def dump_prefect(stage):
    """All rows of all tables of Prefect's database, as text."""
    import psycopg  # noqa: PLC0415

    keys = stage.home.read_keys()
    place = {"host": str(stage.home.sockets), "user": "prefect", "dbname": "prefect"}
    with psycopg.connect(**place, password=keys["PASSWORD_PREFECT"]) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall()
        rows = [
            row
            for (table,) in tables
            for row in connection.execute(f'SELECT t::text FROM "{table}" t').fetchall()
        ]
    return "\n".join(text for (text,) in rows)


@pytest.mark.slow
def test_kill_9_in_the_middle_of_rendering_loses_nothing_and_makes_nothing_twice(tmp_path):
    found = kill_and_repeat(tmp_path / "kills", photographs=8, rounds=1)

    assert found["problems"] == {
        "kill_flow_and_renderers 1": [],
        "kill_worker 1": [],
        "kill_everything 1": [],
    }
