import os

import pytest

from services.bytesource import Fingerprint, LocalFile
from services.delivery import open_source, refer_to_original
from services.errors import OriginalChanged
from services.originals import identify_originals


def reference(installation, library, key="Campaign/ridge 1.jpg"):
    found, _ = identify_originals(installation, {key: library / key})
    one = found[key]
    stat = one.fingerprint
    return refer_to_original(
        {
            "source_key": key,
            "sha256": one.sha256.hex(),
            "size_bytes": stat.size_bytes,
            "stat": {"mtime_ns": stat.mtime_ns, "ctime_ns": stat.ctime_ns, "inode": stat.inode},
        }
    )


CHANGES = {
    "vanished": lambda path: path.unlink(),
    "grew": lambda path: path.write_bytes(path.read_bytes() + b"x"),
    "shrank": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "was edited": lambda path: path.write_bytes(b"x" + path.read_bytes()[1:]),
    "became a link": lambda path: (path.unlink(), path.symlink_to("/etc/hostname")),
    "became a pipe": lambda path: (path.unlink(), os.mkfifo(path)),
    "is reached through a link now": lambda path: (
        path.parent.rename(path.parents[2] / "elsewhere"),
        path.parent.symlink_to(path.parents[2] / "elsewhere"),
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_an_original_that_changed_is_never_served_as_what_was_shared(installation, library, change):
    where = reference(installation, library)
    CHANGES[change](library / "Campaign" / "ridge 1.jpg")

    with pytest.raises(OriginalChanged):
        open_source(installation, where)


def test_an_original_that_was_restored_with_the_same_content_is_served(installation, library):
    where = reference(installation, library)
    path = library / "Campaign" / "ridge 1.jpg"
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content)

    source = open_source(installation, where)

    assert source.read_at(0, len(content)) == content
    source.close()


def test_a_file_that_changes_while_it_is_read_is_noticed(tmp_path):
    path = tmp_path / "film.mp4"
    path.write_bytes(b"0" * 1000)
    source = LocalFile(path, Fingerprint.of(path.stat()))
    source.read_at(0, 500)

    with path.open("ab") as file:
        file.write(b"more")

    with pytest.raises(OriginalChanged):
        source.verify()
    path.write_bytes(b"")
    with pytest.raises(OriginalChanged, match="shrank"):
        source.read_at(500, 500)
    source.close()
