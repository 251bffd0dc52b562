"""The pyramid with Pillow: python pillow_pyramid.py TARGET PROCESSES < paths, one a line.

One decoding, in draft mode, where the JPEG library reduces by itself; the smaller ones are made
from the larger ones, with the same sizes and qualities as ours. The filter is the usual one of
`thumbnail`: Lanczos takes a tenth longer and is no nearer to the original than ours needs to be.
Runs in an environment of its own.
"""

import io
import sys
from functools import lru_cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from PIL import Image, ImageCms, ImageOps

_SRGB = ImageCms.createProfile("sRGB")


def main(target: str, processes: int) -> None:
    """Render every path that stands on the standard input."""
    paths = sys.stdin.read().splitlines()
    # Spawned, each process would import Pillow again; nothing runs here that a fork could break.
    with get_context("fork").Pool(processes) as pool:
        for _ in pool.imap_unordered(partial(render, Path(target)), paths):
            continue
        pool.close()
        pool.join()


def render(target: Path, path: str) -> None:
    """Make all four of one photograph."""
    with Image.open(path) as opened:
        _draft(opened, 2560)
        opened.thumbnail((2560, 2560))
        large = ImageOps.exif_transpose(_convert(opened))
    name = str(target / Path(path).stem)
    large.save(f"{name}.2560.jpg", quality=84, progressive=True, optimize=True)
    middle = _reduce(large, 1280)
    middle.save(f"{name}.1280.webp", quality=80, method=2)
    # Speed 9 is the encoder's fastest, as effort 0 of libvips is.
    middle.save(f"{name}.1280.avif", quality=55, speed=9, max_threads=1)
    _reduce(middle, 320).save(f"{name}.320.webp", quality=80, method=2)


def _draft(image: Any, edge: int) -> None:
    """Let the JPEG library reduce as far as it may.

    `thumbnail` does so too, but it asks for a square of twice the size, and mostly gets nothing.
    """
    scale = edge / max(image.size)
    image.draft("RGB", tuple(round(side * scale) for side in image.size))


def _reduce(image: Any, edge: int) -> Any:
    smaller = image.copy()
    smaller.thumbnail((edge, edge))
    return smaller


def _convert(image: Any) -> Any:
    """Bring the colours into sRGB, after the reduction: there are fewer of them."""
    profile = image.info.pop("icc_profile", None)
    if profile:
        ImageCms.applyTransform(image, _plan_conversion(profile), inPlace=True)
    return image


@lru_cache(maxsize=8)
def _plan_conversion(profile: bytes) -> Any:
    read = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    return ImageCms.buildTransform(read, _SRGB, "RGB", "RGB")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
