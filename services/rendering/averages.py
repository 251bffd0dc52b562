"""The average colour of a picture, out of its placeholder: all that a page needs of one.

Apart from the making of placeholders, so that a door need not load what counts with pixels.
"""

import base64
import math

_HEAD_BYTES = 5


def decode_average(placeholder: str) -> tuple[int, int, int]:
    """Say the average colour as red, green and blue from 0 to 255.

    Raises:
        ValueError: it is no ThumbHash.
    """
    means = _Bits(_decode(placeholder))
    light, yellow, ruddy = means.take(6), means.take(6) * 2 - 1, means.take(6) * 2 - 1
    red, green, blue = (_to_byte(one) for one in _to_rgb(light, yellow, ruddy))
    return red, green, blue


def round_half_up(value: float) -> int:
    """Round to the nearest whole number, halves upwards."""
    return math.floor(value + 0.5)


class _Bits:
    """The bits of a hash, as shares of the most that they can say."""

    def __init__(self, data: bytes) -> None:
        self._rest = int.from_bytes(data, "little")

    def take(self, count: int) -> float:
        most = (1 << count) - 1
        value = self._rest & most
        self._rest >>= count
        return value / most


def _to_rgb(light: float, yellow: float, ruddy: float) -> tuple[float, float, float]:
    blue = light - yellow * 2 / 3
    red = (light * 3 - blue + ruddy) / 2
    return red, red - ruddy, blue


def _decode(placeholder: str) -> bytes:
    data = base64.b64decode(placeholder, validate=True)
    if len(data) < _HEAD_BYTES:
        raise ValueError("A ThumbHash has at least five bytes")
    return data


def _to_byte(share: float) -> int:
    return min(max(round_half_up(share * 255), 0), 255)
