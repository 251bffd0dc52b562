"""What is done to the pictures of a film on the way: fields, size, colour, and fewer of them.

Filters see pictures that are already turned upright. None of them makes pictures up: filters that
keep a steady rate (`fps`) fill memory with copies where a film has one picture an hour.
"""

from fractions import Fraction
from typing import Any

from services.rendering.film import Picture

#: Players take films without a word about it for BT.601 below this height, for BT.709 from it on.
_FIRST_BT709_HEIGHT = 720
#: H.264 decoders in phones and browsers end here.
LONGEST_EDGE = 4096


def fit_film(picture: Picture, shorter: int) -> tuple[int, int]:
    """Say how large a film becomes whose shorter side is at most `shorter`: even, never enlarged."""
    sides = (picture.width, picture.height)
    scale = min(Fraction(1), Fraction(shorter, min(sides)), Fraction(LONGEST_EDGE, max(sides)))
    width, height = (max(2, int(side * scale) // 2 * 2) for side in sides)
    return width, height


def fit_box(picture: Picture, box: tuple[int, int]) -> tuple[int, int]:
    """Say how large a picture of a film becomes inside a box: never enlarged."""
    scale = min(Fraction(1), Fraction(box[0], picture.width), Fraction(box[1], picture.height))
    return max(1, round(picture.width * scale)), max(1, round(picture.height * scale))


def thin_out(stream: Any, rate: int) -> Any:
    """Keep at most about `rate` pictures a second, at their own times."""
    return stream.filter(
        "select", f"isnan(prev_selected_t)+gt(floor(t*{rate}),floor(prev_selected_t*{rate}))"
    )


def reduce(stream: Any, picture: Picture, size: tuple[int, int]) -> Any:
    """Bring pictures to `size` in square pixels, without fields, in BT.709 unless they are HDR."""
    if picture.is_interlaced:
        stream = stream.filter("bwdif", mode="send_frame", deint="interlaced")
    if picture.is_hdr:
        # What comes next knows no halves: half as many colours need an even number of lines.
        return stream.filter("scale", *size).filter("setsar", 1).filter("format", "yuv444p10le")
    return stream.filter("scale", *size, **_convert_colour(picture)).filter("setsar", 1)


def map_tones(stream: Any, picture: Picture) -> Any:
    """Bring HDR (PQ, HLG) down to BT.709; pictures that are not HDR stay as they are."""
    if not picture.is_hdr:
        return stream
    if not picture.is_matrix_known:
        stream = stream.filter("setparams", color_primaries="bt2020", colorspace="bt2020nc")
    linear = stream.filter("zscale", t="linear", npl=100).filter("format", "gbrpf32le")
    narrow = linear.filter("zscale", p="bt709").filter("tonemap", "hable", desat=0)
    return narrow.filter("zscale", t="bt709", m="bt709", r="tv")


def _convert_colour(picture: Picture) -> dict[str, str]:
    options = {"out_color_matrix": "bt709", "out_range": "tv"}
    if not picture.is_matrix_known:
        is_large = min(picture.width, picture.height) >= _FIRST_BT709_HEIGHT
        options["in_color_matrix"] = "bt709" if is_large else "smpte170m"
    return options
