"""Colour profiles: which pictures have to be converted so that their colours are right on the web."""

from functools import lru_cache
from typing import Any

import numpy as np
import pyvips

#: How a converted picture is to be read, as an option of libvips.
_TO_SRGB = {"output_profile": "srgb"}
_IN_RED_GREEN_BLUE = frozenset({"srgb", "rgb16"})
#: Profiles that mean sRGB differ from it by two of 255 at most, for they round its curve; the next
#: one that means something else (Rec. 709) differs by sixteen.
_MOST_ROUNDED = 2
_PROBE_STEP = 15
_LEVELS = 256
_ALIKE_KEPT = 32


def choose_conversion(head: Any) -> dict[str, str]:
    """Choose the options with which `thumbnail` of libvips makes the colours of a picture right.

    None where there is no profile, because the conversion of untagged pixels changes what was
    right, nor where the profile is that of the web: it would cost as much and change nothing.
    """
    if not head.get_typeof("icc-profile-data"):
        return {}
    if head.interpretation in _IN_RED_GREEN_BLUE and is_srgb(bytes(head.get("icc-profile-data"))):
        return {}
    return _TO_SRGB


@lru_cache(maxsize=_ALIKE_KEPT)
def is_srgb(profile: bytes) -> bool:
    """Whether this profile leaves all colours as they are, found by converting some of each.

    One that is damaged, or made for other than three colours, does so too: libvips takes pictures
    with it for sRGB.
    """
    probe = _make_probe()
    image = pyvips.Image.new_from_array(probe, interpretation="srgb").copy()
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    converted = image.icc_transform("srgb", embedded=True).numpy()
    return bool(np.abs(converted.astype(int) - probe).max() <= _MOST_ROUNDED)


def _make_probe() -> Any:
    """Make one column of pixels: a grid through all colours, and every grey."""
    side = np.arange(0, _LEVELS, _PROBE_STEP)
    colours = np.stack(np.meshgrid(side, side, side), -1).reshape(-1, 1, 3)
    greys = np.repeat(np.arange(_LEVELS), 3).reshape(-1, 1, 3)
    return np.concatenate([colours, greys]).astype(np.uint8)
