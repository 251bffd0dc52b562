import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.formats.recipes import PictureRecipe, SubtitlesRecipe
from services.rendering.original import OpenOriginal, RenderFailed
from services.rendering.subtitles import render, to_webvtt
from tests.clips import order

SUBRIP = "1\n00:00:01,000 --> 00:00:02,500\nGrüße\n\n2\n01:00:03,50 --> 01:00:04,000\nTwo\nlines\n"
WEBVTT = (
    "WEBVTT\n\n00:00:01.000 --> 00:00:02.500\nGrüße\n\n01:00:03.500 --> 01:00:04.000\nTwo\nlines\n"
)


def convert(text):
    return to_webvtt(text.encode()).decode()


def cue(text):
    """Convert one cue of a text and return what is left of the text."""
    written = convert(f"1\n00:00:01,000 --> 00:00:02,000\n{text}\n")
    assert written.startswith("WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n")
    return written.partition("02.000\n")[2].rstrip("\n")


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
)
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_usual_encoding_is_understood(encoding, ending):
    assert to_webvtt(SUBRIP.replace("\n", ending).encode(encoding)).decode() == WEBVTT


def test_webvtt_comes_out_as_it_went_in():
    assert convert(WEBVTT) == WEBVTT


def test_styles_regions_notes_names_and_places_are_left_out():
    text = (
        "WEBVTT - by somebody\nX-TIMESTAMP-MAP=LOCAL:0\n\n"
        "STYLE\n::cue { background: url(https://evil.example/) }\n\n"
        "REGION\nid:fred\n\nNOTE\nnobody must read this\n\n"
        "intro\n00:01.000 --> 00:02.000 position:10% align:start\nHello\n\n"
    )

    assert convert(text) == "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nHello\n"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("<b>bold</b> <I>slanted</I> <u.loud>under</u>", "<b>bold</b> <i>slanted</i> <u>under</u>"),
        ('<font color="red">red</font>', "red"),
        ("<v Anna>I <00:00:01.500>say", "I say"),
        ("<script>alert(1)</script>", "alert(1)"),
        ('<img src=x onerror="alert(1)">a', "a"),
        ('<b onclick="x">b</b>', "<b>b</b>"),
        ("<body>plain</body>", "plain"),
        ("a < b & c > d", "a &lt; b &amp; c &gt; d"),
        ("&lt;b&gt; &amp; more", "&lt;b&gt; &amp; more"),
        (r"{\an8}above {kept}", "above {kept}"),
        ("I <3 you", "I &lt;3 you"),
        ("a&#10;&#10;00:05.000 --> 00:06.000", "a 00:05.000 --&gt; 00:06.000"),
    ],
)
def test_of_all_marks_only_bold_italic_and_underlined_stay(text, left):
    assert cue(text) == left


def test_cues_need_no_empty_line_between_them():
    text = "1\n00:00:01,0 --> 00:00:02,0\nOne\n2\n00:00:02,0 --> 00:00:03,0\nTwo\n"

    assert convert(text).count("-->") == 2
    assert "\n2\n" not in convert(text)


def test_cues_that_show_nothing_are_left_out():
    text = (
        "00:01.000 --> 00:02.000\n<c></c>\n\n00:03.000 --> 00:02.000\nbackwards\n\n"
        "00:04.000 --> 00:05.000\nseen\n"
    )

    assert convert(text) == "WEBVTT\n\n00:00:04.000 --> 00:00:05.000\nseen\n"


@pytest.mark.parametrize(
    "content",
    [b"", b"WEBVTT\n", b"no subtitles at all", bytes(range(256)) * 9, b"\xff\xfea\xd8b\x00x"],
)
def test_what_holds_no_subtitles_is_damaged(content):
    with pytest.raises(RenderFailed) as caught:
        to_webvtt(content)

    assert caught.value.failure.code == "damaged"


@given(st.text(max_size=200))
def test_whatever_a_text_says_it_stays_one_cue(text):
    try:
        written = convert(f"00:00:01,000 --> 00:00:02,000\nx{text}")
    except UnicodeEncodeError:
        return

    _, cues = written.split("\n\n", 1)
    begins = [line for line in cues.split("\n") if "-->" in line]
    assert len(begins) == cues.count("\n\n") + 1
    assert not [line for line in written.split("\n") if line.startswith(("NOTE", "STYLE"))]


@given(st.binary(max_size=300))
def test_no_bytes_bring_it_down(content):
    try:
        made = to_webvtt(content)
    except RenderFailed:
        return
    assert made.startswith(b"WEBVTT\n\n")


def test_a_file_of_subtitles_is_rendered_and_nothing_else_is_made_of_it(tmp_path):
    path, said = tmp_path / "a.srt", []
    path.write_text(SUBRIP)
    recipes = {"subtitles": SubtitlesRecipe(), "picture": PictureRecipe(90, 90, "webp")}
    asked = order(path, tmp_path / "out", recipes, "application/x-subrip")

    with OpenOriginal(asked) as original:
        outcome = render(original, asked, said.append)

    (file,) = outcome.files
    assert (tmp_path / "out" / "subtitles").read_text() == WEBVTT
    assert (file.media_type, file.size_bytes) == ("text/vtt", len(WEBVTT.encode()))
    assert outcome.failures["picture"].code == "not_applicable"
    assert outcome.facts.has_text and said[-1] == 1


def test_a_file_too_large_to_be_subtitles_is_refused(tmp_path):
    path = tmp_path / "a.srt"
    path.write_bytes(SUBRIP.encode() + b"\n" * 10_000_001)
    asked = order(path, tmp_path, {"subtitles": SubtitlesRecipe()}, "text/vtt")

    with OpenOriginal(asked) as original, pytest.raises(RenderFailed) as caught:
        render(original, asked, lambda share: None)  # noqa: ARG005

    assert caught.value.failure.code == "too_large"
