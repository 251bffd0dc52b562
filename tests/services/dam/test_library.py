import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dam.grouping import find_spins, order_frames
from services.dam.library import Library
from services.errors import LibraryInvalid, OriginalChanged, UnknownAsset

YAML = """
users:
  anna: {name: Anna, email: anna@halden.example, may_share: ["/"]}
  ben: {name: Ben, may_share: [Press]}
contexts: {press: Press and media, retail: Shops}
contacts:
  press: [{address: maria@paper.example, name: Maria}]
assets:
  "Press/b.jpg": {id: HAL-1, title: The bowl, description: Red., links: [a.jpg]}
spins:
  HAL-2: {title: The carafe, frames: [Press/turn 2.jpg, Press/turn 1.jpg]}
playlists:
  HAL-3: {title: Morning, folder: Press, entries: [HAL-1, a.jpg]}
"""


@pytest.fixture
def root(tmp_path):
    for name in (
        "a.jpg",
        "Press/b.jpg",
        "Press/turn 1.jpg",
        "Press/turn 2.jpg",
        "Press/Deep/c.pdf",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    (tmp_path / "library.yaml").write_text(YAML)
    return tmp_path


def test_an_asset_is_called_by_its_given_id_or_its_path(root):
    by_id, by_path = Library(root).assets(["HAL-1", "Press/b.jpg", "a.jpg"])

    assert (by_id.id, by_id.title) == ("HAL-1", "The bowl")
    assert by_path.id == "a.jpg"


def test_contexts_are_those_of_the_description_in_its_order(root):
    found = [(one.name, one.title) for one in Library(root).contexts()]

    assert found == [("press", "Press and media"), ("retail", "Shops")]


@pytest.mark.parametrize("name", ["a/b", "' '", "x\u0000", "p" * 101])
def test_a_context_whose_name_could_not_stand_in_a_table_is_a_mistake(root, name):
    (root / "library.yaml").write_text(f"contexts: {{{name}: Press}}", encoding="utf-8")

    with pytest.raises(LibraryInvalid):
        Library(root)


def test_sets_and_lists_count_as_one_asset_in_the_order_given(root):
    spin, playlist = Library(root).assets(["HAL-2", "HAL-3"])

    assert [file.source_key for file in spin.files] == ["Press/turn 2.jpg", "Press/turn 1.jpg"]
    assert [(file.source_key, file.title) for file in playlist.files] == [
        ("Press/b.jpg", "The bowl"),
        ("a.jpg", "a"),
    ]


def test_a_folder_holds_its_sub_folders_and_no_frames_of_their_own(root):
    contents = Library(root).folder("/Press/")

    assert {asset.id for asset in contents.assets} == {
        "HAL-1",
        "HAL-2",
        "HAL-3",
        "Press/Deep/c.pdf",
    }


def test_a_user_may_share_a_list_only_with_all_that_is_on_it(root):
    library = Library(root)
    assets = library.assets(["HAL-1", "HAL-2", "HAL-3", "a.jpg"])

    refused = library.refused_assets(library.user("ben"), assets)

    assert [asset.id for asset in refused] == ["HAL-3", "a.jpg"]


def test_without_a_description_there_is_one_owner_with_all_rights(root):
    (root / "library.yaml").unlink()
    library = Library(root)

    assert [user.id for user in library.users()] == ["owner"]
    assert library.refused_assets(library.user("owner"), library.folder("/").assets) == ()


def test_unknown_assets_are_all_named_with_a_near_match(root):
    with pytest.raises(UnknownAsset, match=r"Press/bb\.jpg, nothing: did you mean 'Press/b\.jpg'"):
        Library(root).assets(["a.jpg", "Press/bb.jpg", "nothing"])


@pytest.mark.parametrize(
    ("mistake", "named"),
    [
        ("user: {}", "user"),
        ("users: {ben: {may_shar: []}}", "may_shar"),
        ("contacts: {press: [{address: nobody}]}", "nobody"),
        ("assets: {gone.jpg: {}}", "gone.jpg"),
        ("assets: {a.jpg: {id: X}, Press/b.jpg: {id: X}}", "'X' is given 2 times"),
        ("assets: {a.jpg: {id: Press/b.jpg}}", "path of a file"),
        ("spins: {S: {title: T}}", "either folder or frames"),
        ("playlists: {P: {entries: [nothing]}}", "nothing"),
        ("assets: {a.jpg: {classified: {Theme: [red]}}}", "no classification 'Theme'"),
        ("classifications: {Theme: {managed_by: [nobody]}}", "no user 'nobody'"),
        ("assets: {a.jpg: {rights: {ends_on: soon}}}", "ends_on"),
        ("users: [", "no YAML"),
    ],
)
def test_a_mistake_in_the_description_is_named(root, mistake, named):
    (root / "library.yaml").write_text(mistake)

    with pytest.raises(LibraryInvalid, match=named):
        Library(root).folder("/")


def test_bad_files_are_listed_with_their_reasons(root):
    (root / "empty.jpg").touch()
    (root / "link.jpg").symlink_to(root / "a.jpg")
    (root / "out.jpg").symlink_to("/etc/hostname")
    (root / "lost.jpg").symlink_to(root / "gone")
    os.mkfifo(root / "pipe.jpg")
    (root / os.fsdecode(b"caf\xe9.jpg")).write_bytes(b"x")
    (root / ".hidden.jpg").write_bytes(b"x")

    bad = {one.source_key: one.reason for one in Library(root).folder("/").bad_files}

    assert set(bad) == {
        "empty.jpg",
        "link.jpg",
        "out.jpg",
        "lost.jpg",
        "pipe.jpg",
        "caf\\udce9.jpg",
    }
    assert "out of the library" in bad["out.jpg"]
    assert "UTF-8" in bad["caf\\udce9.jpg"]


def test_a_name_in_other_code_points_is_the_same_asset(root):
    (root / "cafe\u0301.jpg").write_bytes(b"x")
    library = Library(root)

    (asset,) = library.assets(["caf\u00e9.jpg"])

    assert library.locate(asset.files[0].source_key).read_bytes() == b"x"


@pytest.mark.parametrize(
    "key", ["../secret", "/etc/hostname", "Press/../../secret", "link/hostname", "gone"]
)
def test_no_key_leads_out_of_the_library(root, key):
    (root / "link").symlink_to("/etc")
    (root.parent / "secret").write_text("x")

    with pytest.raises(OriginalChanged):
        Library(root).locate(key)


def frames(folder, pattern, count):
    return [f"{folder}/{pattern.format(n)}" for n in range(count)]


@pytest.mark.parametrize(
    ("keys", "is_set"),
    [
        (frames("Vase 360", "v_{:03}.jpg", 8), True),
        (frames("vase.spin", "v{}.png", 36), True),
        (frames("A/Spin", "row-1-{}.jpg", 12), True),
        (frames("Vase", "v_{:03}.jpg", 36), False),
        (frames("Vase 360", "v_{:03}.jpg", 7), False),
        (frames("Room 3600", "DSC_{:04}.jpg", 40), False),
        ([*frames("Vase 360", "v_{}.jpg", 8), "Vase 360/notes.txt"], False),
    ],
)
def test_only_a_folder_that_says_so_is_a_set(keys, is_set):
    assert bool(find_spins(keys)) is is_set


@given(st.integers(8, 80), st.randoms())
def test_frames_are_in_the_order_of_their_numbers(count, rng):
    keys = frames("Vase 360", "v{}.jpg", count)
    shuffled = list(keys)
    rng.shuffle(shuffled)

    assert list(order_frames(shuffled)) == keys
