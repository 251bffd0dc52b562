"""Placeholders: a ThumbHash says in some 25 bytes how a picture looks before it is there.

Written after the published description of the format: brightness, two differences of colours and
the opacity, each as the lowest frequencies of a cosine transform, four bits a coefficient. Numbers
stand with their lowest byte first.
"""

import base64
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.rendering.averages import round_half_up

_EDGE = 32
_GREY, _GREY_WITH_ALPHA, _RGB = 1, 2, 3
#: Coefficients of brightness on the longer side; fewer where opacity needs room too.
_DETAIL, _DETAIL_BESIDE_ALPHA = 7, 5
_COLOUR_DETAIL, _ALPHA_DETAIL, _LEAST_DETAIL = 3, 5, 3
_NIBBLE, _FIVE_BITS, _SIX_BITS = 15, 31, 63
#: Less than this is what rounding leaves of a plane that is even.
_LEAST_SCALE = 1e-9

_Plane = NDArray[np.float64]


def thumbhash(image: Any) -> str:
    """Sum up a pyvips image, in sRGB or grey, in at most 36 characters of base64."""
    colours, alpha = _read_pixels(image)
    is_clear = bool((alpha < 1).any())
    height, width = alpha.shape
    detail = _DETAIL_BESIDE_ALPHA if is_clear else _DETAIL
    across, down = (
        max(1, round_half_up(detail * side / max(width, height))) for side in (width, height)
    )
    red, green, blue = _lay_on_average(colours, alpha)
    light = _Channel((red + green + blue) / 3, max(_LEAST_DETAIL, across), max(_LEAST_DETAIL, down))
    yellow = _Channel((red + green) / 2 - blue, _COLOUR_DETAIL, _COLOUR_DETAIL)
    ruddy = _Channel(red - green, _COLOUR_DETAIL, _COLOUR_DETAIL)
    opacity = [_Channel(alpha, _ALPHA_DETAIL, _ALPHA_DETAIL)] if is_clear else []
    means = _join_bits(
        (light.mean * _SIX_BITS, 6),
        ((yellow.mean + 1) * _SIX_BITS / 2, 6),
        ((ruddy.mean + 1) * _SIX_BITS / 2, 6),
        (light.scale * _FIVE_BITS, 5),
        (is_clear, 1),
    )
    scales = _join_bits(
        (down if width > height else across, 3),
        (yellow.scale * _SIX_BITS, 6),
        (ruddy.scale * _SIX_BITS, 6),
        (width > height, 1),
    )
    clearness = [_join_bits((one.mean * _NIBBLE, 4), (one.scale * _NIBBLE, 4)) for one in opacity]
    nibbles = [one for channel in (light, yellow, ruddy, *opacity) for one in channel.nibbles]
    return base64.b64encode(b"".join([means, scales, *clearness, _pack(nibbles)])).decode()


class _Channel:
    """One plane as its mean, the size of its largest other coefficient, and all others by that."""

    def __init__(self, plane: _Plane, across: int, down: int) -> None:
        height, width = plane.shape
        found = _waves(down, height) @ plane @ _waves(across, width).T / plane.size
        first, *others = (float(found[y, x]) for y, x in _order(across, down))
        self.mean = first
        largest = max(map(abs, others))
        self.scale = largest if largest > _LEAST_SCALE else 0.0
        share, middle = (0.5 / self.scale, 0.5) if self.scale else (0.0, 0.0)
        self.nibbles = [round_half_up(_NIBBLE * (middle + share * one)) for one in others]


def _order(across: int, down: int) -> list[tuple[int, int]]:
    """List which coefficients are kept: those below the diagonal, row by row."""
    return [(y, x) for y in range(down) for x in range(across) if x * down < across * (down - y)]


def _waves(count: int, length: int) -> _Plane:
    """Make `count` rows of cosines of rising frequency, sampled at the middle of each pixel."""
    places = (np.arange(length) + 0.5) * np.pi / length
    waves: _Plane = np.cos(np.outer(np.arange(count), places))
    return waves


def _read_pixels(image: Any) -> tuple[_Plane, _Plane]:
    """Reduce an image to at most 32 pixels; colours are (3, height, width), both from 0 to 1."""
    small = image.thumbnail_image(_EDGE, height=_EDGE, size="down").colourspace("srgb")
    small = small.cast("uchar")
    pixels = np.frombuffer(small.write_to_memory(), np.uint8)
    planes = np.moveaxis(pixels.reshape(small.height, small.width, small.bands), -1, 0) / 255.0
    colours = planes[:_RGB] if small.bands >= _RGB else np.repeat(planes[:_GREY], _RGB, axis=0)
    has_alpha = small.bands in {_GREY_WITH_ALPHA, _RGB + 1}
    return colours, planes[-1] if has_alpha else np.ones(planes.shape[1:])


def _lay_on_average(colours: _Plane, alpha: _Plane) -> _Plane:
    """Fill what is clear with the average of what is seen, so that it adds nothing of its own."""
    seen = alpha.sum()
    average = (colours * alpha).sum(axis=(1, 2)) / seen if seen else np.zeros(len(colours))
    laid: _Plane = colours * alpha + average[:, None, None] * (1 - alpha)
    return laid


def _join_bits(*parts: tuple[float, int]) -> bytes:
    joined, total = 0, 0
    for value, count in parts:
        joined |= min(max(round_half_up(value), 0), (1 << count) - 1) << total
        total += count
    return joined.to_bytes(total // 8, "little")


def _pack(nibbles: Sequence[int]) -> bytes:
    pairs: Iterable[tuple[int, int]] = zip(nibbles[::2], [*nibbles[1::2], 0], strict=False)
    return bytes(low | high << 4 for low, high in pairs)
