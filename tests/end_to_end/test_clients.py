import pytest

from benchmarks.proofs.bundle_kills import kill_in_a_download
from benchmarks.proofs.clients import CLIENTS, cut_line, interrupt, watch_proxy
from benchmarks.stage import staged
from benchmarks.zips import fetch, fill, publish_folder
from tests.tools import need_tool


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("clients")


@pytest.fixture(scope="module")
def stage(place):
    fill(place / "library" / "many", 120, 1_000_000)
    with staged(place / "home", place / "library") as made:
        yield made


@pytest.fixture(scope="module")
def link(stage, place):
    made = publish_folder(stage, "many")
    fetch(f"{made}bundle/original", place / "whole.zip")
    return made


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_that_goes_on_gets_the_same_bytes_and_is_told_as_one_download(
    stage, link, place, client
):
    need_tool(client)

    found = interrupt(stage, link, place, client, 1)

    assert found["proven"], found


def test_chromium_goes_on_by_itself_when_the_line_breaks(stage, link, place):
    need_tool("chromium")

    found = cut_line(stage, link, place)

    assert found["proven"], found


def test_nginx_as_it_is_by_default_keeps_no_copy_of_a_zip_on_its_disk(link, place):
    need_tool("nginx")

    found = watch_proxy(link, place)

    assert found["proven"], found


def test_a_download_outlives_kills_of_its_client_and_of_the_gateway(stage, link, place):
    found = kill_in_a_download(stage, link, place, 4)

    assert found["proven"], found
