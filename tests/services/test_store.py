import resource
import shutil
from contextlib import contextmanager

import pytest

from services.errors import DatabaseAway, StoreAway, StoreFull
from services.installation import Installation
from services.store import MARK, Store
from tests.publishing import a_request, publish

LARGE = bytes(20_000)


@pytest.fixture
def store(tmp_path):
    made = Store((tmp_path / "store").as_uri())
    made.found()
    return made


@contextmanager
def full_disk(most_bytes=1000):
    """Let this process write no file that is larger: what a full disk looks like from here."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def list_files(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_full_disk_leaves_the_old_object_and_nothing_else(store, tmp_path):
    store.put("pages/a/page-1.html", b"old")
    large = tmp_path / "large"
    large.write_bytes(LARGE)

    with full_disk():
        with pytest.raises(StoreFull):
            store.put("pages/a/page-1.html", LARGE)
        with pytest.raises(StoreFull):
            store.put_file("pages/b/page-1.html", large)

    assert store.get("pages/a/page-1.html") == b"old"
    assert list_files(store.folder) == [MARK, "page-1.html"]


def test_a_store_that_is_away_is_not_made_anew_in_its_place(store, tmp_path):
    store.put("pages/a/page-1.html", b"kept")
    (tmp_path / "rendered").write_bytes(b"picture")
    store.folder.rename(tmp_path / "elsewhere")

    for ask in (
        lambda: store.put("pages/a/page-2.html", b"new"),
        lambda: store.put("brand/logo.webp", b"new"),
        lambda: store.adopt_file("renditions/ab/c", tmp_path / "rendered"),
        lambda: store.get("pages/a/page-1.html"),
        lambda: store.map("pages/a/page-1.html"),
        lambda: store.open("pages/a/page-1.html", 4),
        lambda: store.delete(["pages/a/page-1.html"]),
        store.count_free_bytes,
    ):
        with pytest.raises(StoreAway):
            ask()

    assert not store.folder.exists()
    (tmp_path / "elsewhere").rename(store.folder)
    assert store.get("pages/a/page-1.html") == b"kept"


def test_an_empty_folder_where_a_disk_should_be_is_not_the_store(store, tmp_path):
    store.folder.rename(tmp_path / "elsewhere")
    store.folder.mkdir()

    with pytest.raises(StoreAway):
        store.put("brand/logo.webp", b"new")
    with pytest.raises(StoreAway):
        store.get("pages/a/page-1.html")

    assert list(store.folder.iterdir()) == []


def test_what_is_missing_from_a_store_that_is_there_is_missing(store):
    with pytest.raises(FileNotFoundError):
        store.get("pages/a/page-1.html")
    store.delete(["pages/a/page-1.html"])


def test_an_installation_that_shared_something_founds_no_second_store(installation):
    publish(installation, a_request(folder="Campaign"))
    place = installation.store.folder
    shutil.rmtree(place)
    again = Installation(installation.settings)

    with pytest.raises(StoreAway):
        again.store.put("brand/logo.webp", b"new")

    assert not place.exists()
    again.close()


def test_a_store_of_before_there_were_marks_is_taken_for_what_it_is(installation):
    publish(installation, a_request(folder="Campaign"))
    (installation.store.folder / MARK).unlink()
    again = Installation(installation.settings)

    again.store.put("brand/logo.webp", b"new")

    assert (again.store.folder / MARK).exists()
    again.close()


def test_a_database_that_is_away_is_no_reason_to_found_a_store(installation, cluster, tmp_path):
    home = tmp_path / "another"
    fresh = Installation(installation.settings.model_copy(update={"home": home}))
    cluster.stop()
    try:
        with pytest.raises(DatabaseAway):
            _ = fresh.store
    finally:
        cluster.start()

    assert not home.exists()
    fresh.close()
