"""How alike two pictures are: the mean SSIM of their brightness over windows of 8 × 8 pixels.

After Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment" (2004), with even weights and
windows that lie side by side.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pyvips

_WINDOW = 8
#: (0.01 × 255)² and (0.03 × 255)².
_C1, _C2 = 6.5025, 58.5225


def compare(made: Path, original: Path) -> float:
    """Compare a rendition with its original, reduced to the same size without any shortcut."""
    picture = pyvips.Image.new_from_file(str(made))
    return _ssim(_read(picture), _read(_reduce(original, picture.width, picture.height)))


def _reduce(original: Path, width: int, height: int) -> Any:
    image = pyvips.Image.new_from_file(str(original)).autorot()
    if image.get_typeof("icc-profile-data"):
        image = image.icc_transform("srgb")
    return image.resize(width / image.width, vscale=height / image.height, kernel="lanczos3")


def _read(image: Any) -> Any:
    grey = image.cast("uchar").colourspace("b-w")[0].numpy().astype(float)
    down, across = grey.shape[0] // _WINDOW, grey.shape[1] // _WINDOW
    whole = grey[: down * _WINDOW, : across * _WINDOW]
    windows = whole.reshape(down, _WINDOW, across, _WINDOW).swapaxes(1, 2)
    return windows.reshape(-1, _WINDOW * _WINDOW)


def _ssim(one: Any, other: Any) -> float:
    means = one.mean(1), other.mean(1)
    together = (one * other).mean(1) - means[0] * means[1]
    light = (2 * means[0] * means[1] + _C1) / (means[0] ** 2 + means[1] ** 2 + _C1)
    structure = (2 * together + _C2) / (one.var(1) + other.var(1) + _C2)
    return float(np.mean(light * structure))
