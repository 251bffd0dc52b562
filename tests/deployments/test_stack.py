import os
import socket
import ssl
import stat
import subprocess
import sys
import time

import psutil
import psycopg
import pytest
from prefect.server.database.orm_models import FlowRun

from deployments.stack.environment import Addresses, make_environment
from deployments.stack.home import Home
from deployments.stack.parts import Log, Part
from deployments.stack.ports import find_port
from deployments.stack.postgres import Cluster
from deployments.stack.prefect_server import repair_bulk_inserts
from deployments.stack.processes import end_processes, find_family, find_processes, sum_memory
from services.settings import STACK_MARK


@pytest.fixture
def home(tmp_path):
    made = Home(tmp_path / "a home")
    made.create()
    return made


def test_keys_are_made_once_for_their_owner_alone(home):
    keys = home.read_keys()

    assert home.read_keys() == keys
    file = home.path / "keys.env"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(home.path.stat().st_mode) == 0o700
    assert len(set(keys.values())) == len(keys) == 6


def test_what_a_killed_run_left_half_done_is_gone_with_the_next_start(home):
    (home.path / "tmp" / "half").mkdir()

    home.empty_tmp()

    assert list((home.path / "tmp").iterdir()) == []
    assert stat.S_IMODE((home.path / "tmp").stat().st_mode) == 0o700


def test_two_homes_have_other_keys(tmp_path):
    homes = [Home(tmp_path / name) for name in "ab"]
    for one in homes:
        one.create()

    assert not set(homes[0].read_keys().values()) & set(homes[1].read_keys().values())


def test_a_long_path_gets_a_short_private_folder_for_its_socket(tmp_path):
    home = Home(tmp_path / ("long " * 20))
    home.create()

    assert len(str(home.sockets)) < 86
    assert stat.S_IMODE(home.sockets.stat().st_mode) == 0o700
    home.sockets.rmdir()


def test_a_busy_port_is_stepped_around():
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]

        assert find_port(port) > port
        assert find_port(port, taken=frozenset({port + 1})) > port + 1


@pytest.mark.parametrize("may_use_namespace", [True, False])
def test_postgres_runs_as_any_user_in_a_path_with_a_space(home, may_use_namespace):
    if not may_use_namespace and os.geteuid() != 0:
        pytest.skip("only root has to go elsewhere")
    cluster = Cluster(
        home.path / "postgres",
        home.sockets,
        "secret",
        is_durable=False,
        may_use_namespace=may_use_namespace,
    )
    for _ in range(2):  # The second start finds the data of the first.
        cluster.start(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cluster.create_role("reader", "pw")
        with cluster.connect() as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
        cluster.stop()

    assert (home.path / "postgres-is-elsewhere").exists() is not may_use_namespace


def test_postgres_asks_for_the_password_and_has_no_port(home):
    cluster = Cluster(home.path / "postgres", home.sockets, "secret", is_durable=False)
    cluster.start(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(
                host=str(cluster.sockets), user="postgres", password="wrong", dbname="postgres"
            )
        listening = [
            one
            for one in psutil.Process(cluster.process.pid).net_connections("inet")
            if one.status == "LISTEN"
        ]
        assert listening == []
    finally:
        cluster.stop()


def test_every_process_with_the_mark_is_found_and_ended_even_an_orphan():
    mark = "mark-of-this-test"
    code = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])"
    environment = {**os.environ, STACK_MARK: mark}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert len(find_processes(mark)) == 1

    assert end_processes(mark, seconds=2) == 1

    assert find_processes(mark) == []


def test_all_processes_of_a_database_are_the_stacks_though_most_carry_no_mark(home):
    cluster = Cluster(
        home.path / "postgres",
        home.sockets,
        "secret",
        is_durable=False,
        environment={**os.environ, STACK_MARK: home.mark},
    )
    cluster.start(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        titles = [" ".join(one.cmdline()) for one in find_family(home.mark)]
        assert any("checkpointer" in title for title in titles)
        assert sum_memory(home.mark) > psutil.Process().memory_full_info().pss
    finally:
        cluster.stop()


def test_a_part_that_fails_repeats_its_last_words(tmp_path):
    code = "print('no such table'); raise SystemExit(2)"
    part = Part("tables", [sys.executable, "-c", code], is_quiet_until_ready=True)

    with (tmp_path / "log").open("w") as file, pytest.raises(RuntimeError, match="no such table"):
        part.run({}, Log(file, file))


def _make_environment():
    addresses = Addresses(8300, 8301, 4200, "postgresql://", "postgresql://", "/library")
    return make_environment("/home", "mark", addresses)


def test_nothing_phones_home_and_secrets_of_the_shell_stay_there(monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of the operator")

    environment = _make_environment()

    assert "AWS_SECRET_ACCESS_KEY" not in environment
    assert environment["DO_NOT_TRACK"] == "1"
    assert environment["TMPDIR"] == "/home/tmp"
    assert environment["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert environment["PREFECT_SERVER_API_CORS_ALLOWED_ORIGINS"] == "http://127.0.0.1:4200"
    assert environment["PREFECT_SERVER_UI_V2_ENABLED"] == "false"


def test_prefects_clients_of_a_local_stack_read_one_authority_and_trust_nobody():
    environment = _make_environment()

    context = ssl.create_default_context(cafile=environment["PREFECT_API_SSL_CERT_FILE"])

    (nobody,) = context.get_ca_certs()
    assert ssl.cert_time_to_seconds(nobody["notAfter"]) < time.time()
    assert environment["PREFECT_API_URL"].startswith("http://127.0.0.1:")


def test_the_repair_of_prefects_bulk_inserts_is_still_needed_and_works():
    hybrid = FlowRun.__mapper__.all_orm_descriptors["state"]
    assert hasattr(hybrid, "bulk_dml_setter")

    repair_bulk_inserts()

    assert hybrid.bulk_dml_setter is not None
