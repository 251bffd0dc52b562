"""Pictures made for tests: with grain, so that they compress like photographs."""

from pathlib import Path

import pyvips


def photograph(width: int = 240, height: int = 160, seed: int = 1):
    """Make a picture whose left half is red and right half blue, with grain."""
    red, blue = (200, 40, 40), (40, 40, 200)
    left = pyvips.Image.black(width // 2, height).linear(1, red)
    right = pyvips.Image.black(width - width // 2, height).linear(1, blue)
    grain = pyvips.Image.gaussnoise(width, height, mean=0, sigma=6, seed=seed)
    picture = left.join(right, "horizontal") + grain
    return picture.cast("uchar").copy(interpretation="srgb")


def write_photograph(path: Path, *, width: int = 240, height: int = 160, seed: int = 1) -> Path:
    """Write a JPEG of its own content for each seed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    photograph(width, height, seed).jpegsave(str(path), Q=85)
    return path


def write_cut_photograph(path: Path) -> Path:
    """Write a JPEG whose second half is missing."""
    whole = write_photograph(path, width=600, height=400).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    return path
