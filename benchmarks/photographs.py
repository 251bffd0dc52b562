"""Photographs for measuring: distinct ones of 12 to 24 megapixels, made from real ones.

A random piece of a real photograph is enlarged and gets the grain of a sensor (sigma 5), so that it
decodes and compresses like one of its size. A third each is untagged, tagged sRGB and tagged
Display P3; all carry camera-like EXIF. The same seed makes the same pictures.
"""

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyvips

SAMPLES = Path(__file__).resolve().parent.parent / "samples" / "halden"
_SIZES = [(4288, 2848), (4608, 3456), (4928, 3264), (5184, 3456), (5472, 3648), (6000, 4000)]
_PROFILES = ["", "srgb", "p3"]
_GRAIN_SIGMA = 5
_SMALLEST_SOURCE = 1000


def make_photographs(
    folder: Path, count: int, *, sources: Path = SAMPLES, seed: int = 1
) -> list[Path]:
    """Make `count` photographs, those that lie there already excepted."""
    folder.mkdir(parents=True, exist_ok=True)
    originals = [path for path in sorted(sources.rglob("*.jpg")) if _is_large(path)]
    paths = [folder / f"{number // 50:03}" / f"photo-{number:05}.jpg" for number in range(count)]
    with ThreadPoolExecutor(2) as pool:
        missing = [(n, path) for n, path in enumerate(paths) if not path.exists()]
        list(pool.map(lambda one: _make(originals, one[1], seed * 1_000_003 + one[0]), missing))
    return paths


def make_small_files(folder: Path, count: int) -> None:
    """Make `count` small pictures of distinct content, 500 to a folder."""
    base = pyvips.Image.gaussnoise(96, 64, mean=128, sigma=30, seed=1).cast("uchar")
    whole = base.jpegsave_buffer(Q=80)
    for number in range(count):
        path = folder / f"batch {number // 500:02}" / f"frame {number:05}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        # A comment segment makes each file another one, for the price of copying it.
        note = f"frame {number}".encode()
        segment = b"\xff\xfe" + (len(note) + 2).to_bytes(2, "big") + note
        path.write_bytes(whole[:2] + segment + whole[2:])


def _is_large(path: Path) -> bool:
    image = pyvips.Image.new_from_file(str(path))
    return bool(min(image.width, image.height) >= _SMALLEST_SOURCE)


def _make(originals: list[Path], path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - repeatable on purpose
    width, height = chance.choice(_SIZES)
    if chance.random() < 0.3:
        width, height = height, width
    source = pyvips.Image.new_from_file(str(chance.choice(originals)), access="random")
    if source.bands != 3:
        source = source.colourspace("srgb")[:3]
    piece = _cut(source, width / height, chance)
    enlarged = piece.resize(width / piece.width, vscale=height / piece.height, kernel="cubic")
    grain = pyvips.Image.gaussnoise(width, height, mean=0, sigma=_GRAIN_SIGMA, seed=seed % 2**31)
    picture = (enlarged + grain).cast("uchar").copy(interpretation="srgb")
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    _tag(picture, chance).jpegsave(str(draft), Q=92, **_profile(chance))
    draft.rename(path)


def _cut(source: Any, ratio: float, chance: random.Random) -> Any:
    scale = chance.uniform(0.6, 1.0)
    width = int(min(source.width, source.height * ratio) * scale)
    height = int(width / ratio)
    left = chance.randrange(source.width - width + 1)
    top = chance.randrange(source.height - height + 1)
    return source.crop(left, top, width, height)


def _profile(chance: random.Random) -> dict[str, str]:
    name = chance.choice(_PROFILES)
    return {"profile": name} if name else {"profile": "none"}


def _tag(picture: Any, chance: random.Random) -> Any:
    picture = picture.copy()
    fields = {"ifd0-Make": "Halden Optik", "ifd0-Model": f"H{chance.randrange(1, 9)}"}
    for name, value in fields.items():
        picture.set_type(pyvips.GValue.gstr_type, f"exif-{name}", value)
    return picture
