import zipfile

import pytest

from benchmarks.hollow import Hollow, describe, write_bundle
from benchmarks.proofs.unpacking import name_hostile_titles, read_everywhere
from benchmarks.unpackers import UNPACKERS, UnpackingFailed
from tests.tools import need_tool

GIB = 2**30
every_tool = pytest.mark.parametrize("tool", UNPACKERS, ids=lambda tool: tool.name)
#: Those that read 65,536 members in a second or two; the proof takes all.
quick_tools = [tool for tool in UNPACKERS if tool.program in {"unzip", "7z", "bsdtar"}]
#: unzip takes a zip without members, which no share makes, for a broken one.
not_unzip = [tool for tool in UNPACKERS if tool.program != "unzip"]


def ten_files():
    sizes = [0, 1, 31, 127, 128, 129, 4096, 262_144, 262_145, 300_000]
    return [describe(f"Kampagne/Grat ü {n}.jpg", size, n) for n, size in enumerate(sizes)]


def hostile_files():
    return [describe(name, 50 + n, n) for n, name in enumerate(name_hostile_titles())]


def unpack_in(folder, tool, entries):
    need_tool(tool.program)
    expected = write_bundle(entries, folder / "bundle.zip")
    (folder / "out").mkdir()
    return tool.unpack(folder / "bundle.zip", folder / "out"), expected


@pytest.mark.parametrize("size", [0, 1, 127, 128, 129, 3_000_001])
def test_the_checksum_of_a_hollow_file_is_that_of_its_bytes(size):
    hollow = Hollow(size, 7)

    assert hollow.sum_up() == zipfile.crc32(hollow.read_at(0, size + 1))


@every_tool
def test_every_tool_unpacks_ten_files_to_the_bytes_that_went_in(tool, tmp_path):
    found, expected = unpack_in(tmp_path, tool, ten_files())

    assert found == expected


@every_tool
def test_every_tool_unpacks_hostile_titles_to_the_very_names_that_were_made_of_them(tool, tmp_path):
    found, expected = unpack_in(tmp_path, tool, hostile_files())

    assert len(expected) == len(name_hostile_titles())
    assert found == expected


@pytest.mark.parametrize("count", [65_534, 65_535, 65_536])
def test_every_entry_is_unpacked_at_the_border_of_zip64(count, tmp_path):
    entries = [describe(str(n), n % 40, n) for n in range(count)]
    expected = write_bundle(entries, tmp_path / "bundle.zip")
    with zipfile.ZipFile(tmp_path / "bundle.zip") as bundle:
        names = bundle.namelist()
    assert names == [one.name for one in entries]

    for tool in quick_tools:
        need_tool(tool.program)
        found = tool.read(tmp_path / "bundle.zip", [one.size_bytes for one in entries])
        assert found == list(expected.values()), tool.name


@pytest.mark.parametrize("tool", not_unzip, ids=lambda tool: tool.name)
def test_a_zip_of_nothing_is_opened(tool, tmp_path):
    found, _ = unpack_in(tmp_path, tool, [])

    assert found == {}


@every_tool
def test_a_damaged_byte_is_noticed_whatever_unpacks_it(tool, tmp_path):
    need_tool(tool.program)
    entries, damaged = ten_files(), tmp_path / "bundle.zip"
    expected = write_bundle(entries, damaged)
    content = bytearray(damaged.read_bytes())
    content[-200_000] ^= 1
    damaged.write_bytes(content)

    try:
        found = tool.read(damaged, [one.size_bytes for one in entries])
    except UnpackingFailed:
        return
    assert found != list(expected.values())


@pytest.mark.parametrize(("count", "size"), [(1, 60 * GIB), (300, GIB)])
def test_a_zip_larger_than_memory_is_planned_and_read_at_any_place(count, size):
    found = read_everywhere([describe(f"{n}.mov", size, n) for n in range(count)])

    assert found["right"]
    assert found["zip_bytes"] > count * size
    assert found["peak_mb_of_ranges"] < 8
