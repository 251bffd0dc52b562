"""A brand's one colour, made legible: what is filled with it keeps it, what is thin is adjusted.

Contrast is that of WCAG 2.2 (relative luminance); lightness is moved in OKLCH, so that the hue
stays. Where a screen cannot show the result, it loses chroma and keeps hue and lightness.
"""

import math
from dataclasses import dataclass

#: The colour of pages without a brand, as `static/tokens.css` has it.
OWN_ACCENT = "#1f4d43"
#: The grounds of a page: paper, mat and raised, as `static/tokens.css` has them.
LIGHT_GROUNDS = ("#fbfbfa", "#f1f1ef", "#ffffff")
DARK_GROUNDS = ("#121212", "#1c1c1b", "#1f1f1e")
#: What WCAG 2.2 AA asks of text (1.4.3) and of the edge of a control (1.4.11).
TEXT_CONTRAST, EDGE_CONTRAST = 4.5, 3.0

_STEP = 0.005
_WHITE, _BLACK = "#ffffff", "#000000"


@dataclass(frozen=True)
class Palette:
    """The colours of one brand, each as `#rrggbb`."""

    fill: str
    on_fill: str
    accent_light: str
    accent_dark: str
    edge_light: str
    edge_dark: str


def make_palette(fill: str) -> Palette:
    """Work out a brand's colours from its own (`#rrggbb`)."""
    light, dark = find_accent(fill, LIGHT_GROUNDS, -_STEP), find_accent(fill, DARK_GROUNDS, _STEP)
    return Palette(
        fill=fill,
        on_fill=max((_WHITE, _BLACK), key=lambda one: contrast(one, fill)),
        accent_light=light,
        accent_dark=dark,
        edge_light=_choose_edge(fill, light, LIGHT_GROUNDS[0]),
        edge_dark=_choose_edge(fill, dark, DARK_GROUNDS[0]),
    )


def write_theme(palette: Palette) -> bytes:
    """Write the style sheet of a brand."""
    return (
        f":root{{--accent-fill:{palette.fill};--on-accent:{palette.on_fill};"
        f"--accent-edge:{palette.edge_light};--accent:{palette.accent_light}}}"
        "@media(prefers-color-scheme:dark){"
        f":root{{--accent-edge:{palette.edge_dark};--accent:{palette.accent_dark}}}}}"
    ).encode()


def contrast(one: str, other: str) -> float:
    """Measure the contrast of two colours, from 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def worst_contrast(colour: str, grounds: tuple[str, ...]) -> float:
    """Measure the contrast of a colour with the ground on which it is read worst."""
    return min(contrast(colour, ground) for ground in grounds)


def find_accent(colour: str, grounds: tuple[str, ...], step: float) -> str:
    """Find the nearest colour of the same hue that can be read on all grounds."""
    lightness, chroma, hue = _to_oklch(colour)
    found = colour
    while worst_contrast(found, grounds) < TEXT_CONTRAST:
        lightness = min(1.0, max(0.0, lightness + step))
        found = _to_hex(lightness, chroma, hue)
    return found


def _choose_edge(fill: str, accent: str, paper: str) -> str:
    return fill if contrast(fill, paper) >= EDGE_CONTRAST else accent


def _luminance(colour: str) -> float:
    red, green, blue = _to_linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _to_linear(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return _linear(red), _linear(green), _linear(blue)


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _gamma(value: float) -> float:
    return 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055


def _to_oklch(colour: str) -> tuple[float, float, float]:
    """Convert to lightness, chroma and hue (Ottosson, A perceptual color space, 2020)."""
    red, green, blue = _to_linear(colour)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return lightness, math.hypot(a, b), math.atan2(b, a)


def _from_oklch(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _to_hex(lightness: float, chroma: float, hue: float) -> str:
    """Convert to what a screen can show, with as much chroma as it can."""
    low, high = 0.0, chroma
    if not _is_shown(_from_oklch(lightness, chroma, hue)):
        for _ in range(20):
            middle = (low + high) / 2
            is_shown = _is_shown(_from_oklch(lightness, middle, hue))
            low, high = (middle, high) if is_shown else (low, middle)
        chroma = low
    shown = (min(1.0, max(0.0, one)) for one in _from_oklch(lightness, chroma, hue))
    return "#" + "".join(f"{round(_gamma(one) * 255):02x}" for one in shown)


def _is_shown(linear: tuple[float, float, float]) -> bool:
    return all(-0.0005 <= one <= 1.0005 for one in linear)
