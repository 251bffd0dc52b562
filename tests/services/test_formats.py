from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.kinds import AssetKind
from services.formats import (
    FORMATS,
    LARGE,
    NO_METADATA,
    THUMBNAIL,
    WEB,
    predict_size,
    rendition_key,
)
from services.sniffing import is_still_image, sniff
from tests.photographs import photograph

SOURCE = bytes(32)


def test_a_rendition_has_one_address_for_all_that_shapes_it():
    keys = {
        rendition_key(SOURCE, WEB.recipe, NO_METADATA, "image"),
        rendition_key(SOURCE, WEB.recipe, NO_METADATA, "image"),
        rendition_key(SOURCE, LARGE.recipe, NO_METADATA, "image"),
        rendition_key(SOURCE, replace(WEB.recipe, quality=83), NO_METADATA, "image"),
        rendition_key(b"1" * 32, WEB.recipe, NO_METADATA, "image"),
        rendition_key(SOURCE, WEB.recipe, b"1" * 32, "image"),
    }

    assert len(keys) == 5
    assert all(len(key) == 64 for key in keys)


@given(st.integers(1, 20_000), st.integers(1, 20_000), st.sampled_from(list(FORMATS.values())))
def test_a_prediction_never_enlarges_and_always_fits(width, height, one):
    predicted = predict_size(one.recipe, width, height)

    assert max(predicted) <= max(one.recipe.box, 1)
    assert predicted[0] <= width and predicted[1] <= height


SAMPLES = {
    ".jpg[Q=80]": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".tif": "image/tiff",
    ".gif": "image/gif",
    ".avif": "image/avif",
}


@pytest.mark.parametrize("ending", SAMPLES)
def test_a_picture_is_known_by_its_content(ending):
    sniffed = sniff(photograph(32, 32).write_to_buffer(ending)[:4096])

    assert (sniffed.kind, sniffed.media_type) == (AssetKind.IMAGE, SAMPLES[ending])
    assert is_still_image(sniffed.media_type)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"%PDF-1.7\n", AssetKind.DOCUMENT),
        (b"\x00\x00\x00\x20ftypisom", AssetKind.VIDEO),
        (b"\x00\x00\x00\x20ftypM4A ", AssetKind.AUDIO),
        (b"ID3\x04", AssetKind.AUDIO),
        (b"RIFF\x00\x00\x00\x00WAVE", AssetKind.AUDIO),
        (b"PK\x03\x04....word/document.xml", AssetKind.DOCUMENT),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", AssetKind.IMAGE),
        (b"<html><svg></svg></html>", AssetKind.OTHER),
        (b"#!/bin/sh", AssetKind.OTHER),
        (b"", AssetKind.OTHER),
    ],
)
def test_other_kinds_are_known_by_their_content(head, kind):
    assert sniff(head).kind is kind


@given(st.binary(max_size=64))
def test_any_bytes_are_something(head):
    assert sniff(head).media_type


def test_the_thumbnail_is_inline_and_the_large_format_is_not():
    assert (THUMBNAIL.is_inline, WEB.is_inline, LARGE.is_inline) == (True, True, False)
