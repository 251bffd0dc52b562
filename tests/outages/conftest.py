"""What tests of outages share: little to render, and a disk that can be full."""

import tempfile

import pytest

from tests.outages.enduring import fill_library
from tests.outages.rehearsal import mount_small_disk, unmount
from tests.tasks_find import let_tasks_find


@pytest.fixture
def library(tmp_path):
    """Little to render."""
    return fill_library(tmp_path / "library")


@pytest.fixture(autouse=True)
def _tasks_find(installation, monkeypatch):
    # A small disk has no room for a reserve.
    let_tasks_find(installation, monkeypatch, store_reserve_mb=0)


@pytest.fixture(autouse=True)
def tmp(tmp_path, monkeypatch):
    """A folder for all that is there for a moment, in the home as in the stack."""
    folder = tmp_path / "home" / "tmp"
    folder.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def small_disk(tmp, installation):
    """The home on a small disk of its own."""
    if not mount_small_disk(tmp.parent):
        pytest.skip("only root may mount a small disk")
    tmp.mkdir()
    installation.store.found()
    yield tmp.parent
    unmount(tmp.parent)
