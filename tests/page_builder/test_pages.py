import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from page_builder.pages import (
    number_pages,
    paginate,
)
from page_builder.ratios import ratio_class
from page_builder.static import static_files, style_href
from page_builder.wording import say_duration, say_language, say_size
from tests.page_builder.builders import (
    WAYS,
    Reader,
    a_card,
    a_formats_page,
    a_letter,
    a_share,
    a_share_page,
    all_pages,
    an_asset_page,
    an_entry,
)


@given(st.text(min_size=1, max_size=60))
def test_no_word_of_an_owner_becomes_a_tag_or_an_attribute(text):
    hostile = f"{text}<script>alert(1)</script>\" onload='x"
    plain = {tag for tag, _ in Reader(a_share_page([a_card()], a_share())).tags}

    page = Reader(
        a_share_page(
            [a_card(title=hostile)], a_share(title=hostile, message=(hostile,), sender=hostile)
        )
    )
    asset = Reader(
        an_asset_page(
            title=hostile,
            description=(hostile,),
            entries=(an_entry(hostile),),
            entries_heading=hostile,
        )
    )

    assert {tag for tag, _ in page.tags} == plain
    assert not any(
        name.startswith("on")
        for reader in (page, asset, Reader(a_formats_page(hostile)))
        for _, attrs in reader.tags
        for name in attrs
    )
    assert "script" not in {tag for tag, _ in asset.tags}
    assert "<script>alert(1)</script>" in page.words


@given(st.text(min_size=1, max_size=60))
def test_no_word_of_an_owner_becomes_a_tag_in_a_letter(text):
    letter = a_letter(share_title=f"{text}<script>", message=(f"{text}<img src=x>",))

    assert {tag for tag, _ in Reader(letter.html).tags} == {
        tag for tag, _ in Reader(a_letter().html).tags
    }
    assert "<script>" in letter.text


@pytest.mark.parametrize("name", ["share", "asset", "notice"])
def test_a_page_has_no_script_no_style_of_its_own_and_nothing_from_elsewhere(name):
    tags = Reader(all_pages()[name]).tags

    assert not {"script", "style", "iframe", "object", "embed"} & {tag for tag, _ in tags}
    for _, attributes in tags:
        assert "style" not in attributes
        for attribute in ("src", "href"):
            assert not re.match(r"(https?:)?//|data:", attributes.get(attribute) or "")


def test_a_letter_loads_nothing_and_says_the_same_in_plain_text():
    letter = a_letter()

    assert not {"img", "link", "script"} & {tag for tag, _ in Reader(letter.html).tags}
    for words in (
        "https://share.example/s/x/",
        "Dear Maria.",
        "Available until 1 May 2027",
        "Anna",
    ):
        assert words in letter.text and words in letter.html


def test_three_hundred_cards_are_less_than_300_kb():
    assert len(a_share_page([a_card() for _ in range(300)])) < 300_000


def test_every_page_has_one_heading_a_title_and_a_language():
    for name, page in all_pages().items():
        tags = Reader(page).tags
        assert [tag for tag, _ in tags].count("h1") == 1, name
        assert ("html", {"lang": "en"}) in tags
        assert "title" in dict(tags)


def test_every_picture_has_its_size_and_an_alternative():
    tags = Reader(all_pages()["share"]).tags

    for tag, attributes in tags:
        assert tag != "img" or {"width", "height", "alt"} <= set(attributes)


def test_a_share_without_downloads_offers_none_and_says_so():
    page = a_share_page([a_card(downloads=())], a_share(bundles=(), is_downloadable=False))

    assert b"popover" not in page and b"download" not in page.replace(
        b"Downloads are switched off", b""
    )
    assert b"Downloads are switched off" in page


def test_one_way_to_take_something_is_a_link_without_a_menu():
    page = a_share_page([a_card(downloads=WAYS[:1])])

    assert b"popover" not in page
    assert b'href="../../d/10000/original"' in page


@given(st.integers(0, 2000), st.integers(1, 300))
def test_pages_hold_every_card_once_in_order(count, size):
    cards = list(range(count))

    assert [card for page in paginate(cards, size) for card in page] == cards


@given(st.integers(1, 40), st.data())
def test_the_pager_always_reaches_first_last_and_neighbours(last, data):
    current = data.draw(st.integers(1, last))
    numbers = number_pages(current, last)

    shown = [number for number in numbers if number]
    assert shown == sorted(set(shown))
    assert {1, last, current, max(1, current - 1), min(last, current + 1)} <= set(shown)
    assert len(numbers) <= 7


@given(st.integers(1, 20_000), st.integers(1, 20_000))
def test_a_card_crops_at_most_3_6_percent_or_shows_the_whole_picture(width, height):
    name, *mat = ratio_class(width, height).split()

    ratio = int(name[1:]) / 100
    assert 0.7 <= ratio <= 3
    crop = (
        abs(1 - (width / height) / ratio)
        if (width / height) < ratio
        else 1 - ratio / (width / height)
    )
    assert mat or crop <= 0.036


def test_every_shape_has_a_rule_in_the_style_sheet():
    style = static_files()[style_href().removeprefix("/static/")]

    for percent in range(70, 305, 5):
        assert f".r{percent}{{--r:".encode() in style.content


@pytest.mark.parametrize(
    ("size", "said"),
    [(0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1000, "1.0 kB"), (4_800_000, "4.8 MB"),
     (9_960_000, "10 MB"), (412_000_000, "412 MB"), (999_600, "1.0 MB"), (60_000_000_000, "60 GB")],
)  # fmt: skip
def test_sizes_are_said_as_people_say_them(size, said):
    assert say_size(size) == said


def test_lengths_and_languages_are_said_as_people_say_them():
    assert [say_duration(ms) for ms in (0, 17_400, 61_000, 3_725_000)] == [
        "0:00", "0:17", "1:01", "1:02:05",
    ]  # fmt: skip
    assert [say_language(tag) for tag in ("de", "pt-BR", "", "x!")] == [
        "Deutsch", "Português (Brasil)", "Subtitles", "x!",
    ]  # fmt: skip


def test_a_page_on_which_something_is_being_made_asks_for_itself_again():
    refreshing, still = a_formats_page(), a_formats_page(refreshes=False)

    assert b'http-equiv="refresh"' in refreshing
    assert b'http-equiv="refresh"' not in still
