import hashlib
import importlib.metadata
import io
import random
import zipfile
import zlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.bundles.plan import PlanEntry, write_plan
from services.bundles.reader import BundleReader, Plan
from services.errors import OriginalChanged

WHEN = datetime(2026, 5, 4, 3, 2, 2, tzinfo=UTC)


class Memory:
    """A source whose bytes are at hand; `end` changes it when it is verified."""

    def __init__(self, content, is_changed=False):
        self.content, self.size_bytes, self.is_changed = content, len(content), is_changed

    def read_at(self, offset, length):
        return self.content[offset : offset + length]

    def verify(self):
        if self.is_changed:
            raise OriginalChanged

    def close(self):
        pass


def entry(name, content):
    digest = hashlib.sha256(content).digest()
    return PlanEntry(name, len(content), zlib.crc32(content), digest, WHEN, {"name": name})


def a_reader(contents):
    written = write_plan([entry(name, content) for name, content in contents.items()])
    reader = BundleReader(Plan(written.content), lambda of: Memory(contents[of["name"]]))
    return written, reader


def some_contents(count, size, seed=1):
    rng = random.Random(seed)
    return {f"Kampagne/Grat ü {n}.jpg": rng.randbytes(rng.randrange(size)) for n in range(count)}


def test_the_encoder_is_the_version_whose_private_attributes_were_checked():
    assert importlib.metadata.version("zipstream-ng") == "1.9.3"


@given(
    st.dictionaries(
        st.text("abcü/", min_size=1, max_size=9).filter(lambda t: all(t.split("/"))),
        st.binary(max_size=300),
        max_size=8,
    )
)
def test_any_files_come_out_as_they_went_in(contents):
    written, reader = a_reader(contents)
    whole = reader.read_at(0, written.size_bytes + 10)

    assert len(whole) == written.size_bytes
    with zipfile.ZipFile(io.BytesIO(whole)) as bundle:
        assert bundle.testzip() is None
        assert {name: bundle.read(name) for name in bundle.namelist()} == contents


@given(st.data())
def test_any_range_is_that_part_of_the_whole(data):
    written, reader = a_reader(some_contents(12, 4000))
    whole = reader.read_at(0, written.size_bytes)
    start = data.draw(st.integers(0, written.size_bytes))
    length = data.draw(st.integers(0, 6000))

    assert reader.read_at(start, length) == whole[start : start + length]


@pytest.mark.parametrize("block", [1, 7, 64, 1000, 262_144])
def test_blocks_of_any_size_make_the_same_zip(block):
    written, reader = a_reader(some_contents(5, 500))
    whole = reader.read_at(0, written.size_bytes)

    places = range(0, written.size_bytes, block)
    assert b"".join(reader.read_at(place, block) for place in places) == whole


def test_the_same_files_at_the_same_time_give_the_same_plan_and_other_content_another():
    contents = some_contents(3, 100)
    first, again = a_reader(contents)[0], a_reader(dict(contents))[0]
    other = a_reader({**contents, "Kampagne/Grat ü 1.jpg": b"other"})[0]

    assert first == again
    assert first.etag != other.etag


@pytest.mark.parametrize("name", ["../x", "/x", "a//b", "a/../b", "a\\b", "", "a\0b", "."])
def test_a_name_that_could_leave_the_folder_is_refused(name):
    with pytest.raises(ValueError, match="no safe name"):
        write_plan([entry(name, b"x")])


@pytest.mark.parametrize("content", [b"longer than before", b"short", b"same size!"])
def test_a_member_that_is_not_what_was_planned_breaks_the_transfer(content):
    written = write_plan([entry("first.txt", b"unchanged"), entry("a.txt", b"the same s")])
    sources = {"first.txt": b"unchanged", "a.txt": content}
    reader = BundleReader(Plan(written.content), lambda of: Memory(sources[of["name"]]))

    with pytest.raises(OriginalChanged):
        reader.read_at(0, written.size_bytes)


def test_a_member_that_changed_while_it_was_read_breaks_the_transfer():
    written = write_plan([entry("a.txt", b"content")])
    reader = BundleReader(Plan(written.content), lambda _: Memory(b"content", is_changed=True))

    with pytest.raises(OriginalChanged):
        reader.read_at(0, written.size_bytes)


def test_a_member_beyond_four_gigabytes_keeps_every_offset_right():
    huge = 5 * 2**30
    large = PlanEntry("film.mov", huge, 0, bytes(32), WHEN, {"name": "film"})
    written = write_plan([large, entry("after.txt", b"after the film")])

    class Zeros(Memory):
        def __init__(self):
            super().__init__(b"")
            self.size_bytes = huge

        def read_at(self, offset, length):  # noqa: ARG002
            return bytes(length)

    sources = {"film": Zeros(), "after.txt": Memory(b"after the film")}
    reader = BundleReader(Plan(written.content), lambda of: sources[of["name"]])
    tail = reader.read_at(huge, written.size_bytes)

    assert huge + len(tail) == written.size_bytes
    assert b"after the film" in tail
    assert b"PK\x06\x06" in tail


def test_a_small_zip_asks_for_no_more_than_every_old_tool_knows():
    written, reader = a_reader(some_contents(3, 50))
    whole = reader.read_at(0, written.size_bytes)

    with zipfile.ZipFile(io.BytesIO(whole)) as bundle:
        assert {info.extract_version for info in bundle.infolist()} == {20}
        assert {info.flag_bits & 8 for info in bundle.infolist()} == {0}
