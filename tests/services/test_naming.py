import unicodedata
from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st

from services.naming import make_unique, safe_name, write_disposition

NAMES = st.text(max_size=300) | st.sampled_from(
    [
        "CON",
        "nul.txt",
        "../../etc/passwd",
        "a/b\\c",
        "name. ",
        ".hidden",
        "a\u202egpj.exe",
        "\r\nX: y",
        "one\u2028two\u2029three",
    ]
)


@given(NAMES)
def test_a_safe_name_is_safe_on_every_system(text):
    name = safe_name(text)

    assert name
    assert not set(name) & set('<>:"/\\|?*\r\n\0\u202e')
    assert len(name.splitlines()) == 1
    assert name[0] != "."
    assert name[-1] not in ". "
    assert len(name.encode()) <= 150
    assert name == unicodedata.normalize("NFC", name)
    assert name.split(".")[0].rstrip().casefold() not in {
        "con",
        "prn",
        "aux",
        "nul",
        "com1",
        "lpt1",
    }


def test_a_long_name_keeps_its_ending():
    name = safe_name("ü" * 200 + ".jpeg")

    assert name.endswith("ü.jpeg")


@given(
    st.lists(
        st.sampled_from(["a.jpg", "A.JPG", "a (2).jpg", "b/a.jpg", "B/A.jpg", "é", "e\u0301", "b"]),
        max_size=12,
    )
)
def test_unique_names_differ_after_case_folding(paths):
    unique = make_unique(paths)

    folded = [unicodedata.normalize("NFC", path).casefold() for path in unique]
    assert len(set(folded)) == len(paths)
    folders = {folded_path.rpartition("/")[0] for folded_path in folded}
    assert not folders & set(folded)


@given(NAMES)
def test_a_header_holds_any_name_on_one_line(text):
    header = write_disposition(safe_name(text))

    header.encode("ascii")
    assert "\n" not in header
    assert unquote(header.rpartition("filename*=UTF-8''")[2]) == safe_name(text)
