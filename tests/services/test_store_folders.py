import pytest

from services.errors import StoreAway
from services.store import Store


@pytest.fixture(params=["directory", "objects"])
def store(request, tmp_path):
    """The store in a directory, and in an object storage that lies in memory."""
    made = Store((tmp_path / "a store").as_uri() if request.param == "directory" else "memory:///")
    made.found()
    return made


def put_three(store):
    for key in ("pages/one/a/1.html", "pages/one/b/1.html", "pages/only/a/1.html"):
        store.put(key, key.encode())


def test_a_folder_lists_what_is_below_it_and_nothing_beside_it(store):
    put_three(store)

    assert sorted(store.list_keys("pages/one/")) == ["pages/one/a/1.html", "pages/one/b/1.html"]
    assert store.list_folders("pages/") == ["one", "only"]
    assert store.list_folders("pages/one/") == ["a", "b"]
    assert [(one.key, one.size_bytes) for one in store.list_objects("pages/only/")] == [
        ("pages/only/a/1.html", 19)
    ]
    assert all(one.age_seconds < 600 for one in store.list_objects("pages/"))


def test_a_folder_that_is_not_there_is_empty(store):
    assert list(store.list_keys("pages/nowhere/")) == []
    assert list(store.list_objects("pages/nowhere/")) == []
    assert store.list_folders("pages/nowhere/") == []


def test_a_folder_goes_with_all_that_is_below_it_and_going_twice_is_going_once(store):
    put_three(store)

    for _ in range(2):
        store.delete_folder("pages/one/")

    assert list(store.list_keys("pages/")) == ["pages/only/a/1.html"]


def test_a_store_that_is_away_is_not_an_empty_one(tmp_path):
    store = Store((tmp_path / "store").as_uri())
    store.found()
    put_three(store)
    store.folder.rename(tmp_path / "elsewhere")

    for ask in (store.list_keys, store.list_objects, store.list_folders, store.delete_folder):
        with pytest.raises(StoreAway):
            list(ask("pages/") or ())
