"""Draws a ThumbHash as a browser would, from the description alone: it shares nothing with us."""

import base64
import math

import numpy as np

EDGE = 32
#: Colours are drawn stronger than they were: what is small in them was lost.
BOOST = 1.25


class Bits:
    """The bits of a hash, as shares of the most that they can say."""

    def __init__(self, data):
        self.rest = int.from_bytes(data, "little")

    def take(self, count):
        most = (1 << count) - 1
        value, self.rest = self.rest & most, self.rest >> count
        return value / most

    def take_signed(self, count):
        return self.take(count) * 2 - 1


def hash_to_pixels(placeholder):
    """Rows of red, green, blue and alpha, 32 pixels on the longer side."""
    bits = Bits(base64.b64decode(placeholder))
    light, yellow, ruddy = bits.take(6), bits.take_signed(6), bits.take_signed(6)
    light_scale, is_clear = bits.take(5), bool(bits.take(1))
    short, yellow_scale, ruddy_scale = round(bits.take(3) * 7), bits.take(6), bits.take(6)
    detail = 5 if is_clear else 7
    across, down = (detail, short) if bits.take(1) else (short, detail)
    longer = max(across, down, 1)
    shape = tuple(max(1, math.floor(EDGE * one / longer + 0.5)) for one in (down, across))
    alpha, alpha_scale = (bits.take(4), bits.take(4)) if is_clear else (1.0, 0.0)
    light = light + draw(bits, light_scale, max(3, across), max(3, down), shape)
    yellow = yellow + draw(bits, yellow_scale * BOOST, 3, 3, shape)
    ruddy = ruddy + draw(bits, ruddy_scale * BOOST, 3, 3, shape)
    clearness = draw(bits, alpha_scale, 5, 5, shape) if is_clear else np.zeros(shape)
    blue = light - yellow * 2 / 3
    red = (light * 3 - blue + ruddy) / 2
    pixels = np.stack([red, red - ruddy, blue, alpha + clearness], axis=-1)
    return (pixels.clip(0, 1) * 255 + 0.5).astype(np.uint8)


def draw(bits, scale, across, down, shape):
    """One channel without its mean, from the coefficients that are the next bits."""
    rows, columns = (np.arange(one) + 0.5 for one in shape)
    drawn = np.zeros(shape)
    for y in range(down):
        for x in range(across):
            # Above the diagonal nothing is kept, and the first is the mean.
            if (x, y) == (0, 0) or x * down >= across * (down - y):
                continue
            wave = np.outer(
                np.cos(np.pi * y * rows / shape[0]), np.cos(np.pi * x * columns / shape[1])
            )
            # Twice, because a wave has half the power of what does not move.
            drawn += bits.take_signed(4) * scale * 2 * wave
    return drawn
