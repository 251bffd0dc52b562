"""Rendering alone: photographs of 12 to 24 megapixels to four pictures each, against the peers.

Everybody has two processors and makes the same sizes with the same qualities and efforts from one
decoding. Ours is the pool as the product uses it, which also hashes what it wrote and sums up each
picture in a placeholder; the peers only write. A static gallery is compared by its own two outputs.
COUNT lowers the number of photographs, SOURCES names real ones to make them from, PHOTOGRAPHS a
folder that keeps them.
"""

import os
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.peers import contestants
from benchmarks.peers.contestants import GALLERY, PYRAMID, Contestant
from benchmarks.peers.likeness import compare
from benchmarks.photographs import SAMPLES, make_photographs
from benchmarks.result import Result

_COUNT = int(os.environ.get("COUNT", "200"))
_ROUNDS = 3


@dataclass
class Runs:
    """What one contestant needed in each round, in seconds, and how good its pictures are."""

    seconds: list[float] = field(default_factory=list)
    processor_seconds: list[float] = field(default_factory=list)
    likeness: float = 0.0
    kibibytes: float = 0.0

    def rate(self) -> float:
        """Say how many photographs a second it made, in the middle."""
        return round(_COUNT / statistics.median(self.seconds), 3)

    def cost(self) -> float:
        """Say how many seconds of a processor a photograph took, in the middle."""
        return statistics.median(self.processor_seconds) / _COUNT


def measure() -> list[Result]:
    """Let everybody render the same photographs, in turn."""
    us = contestants.ours(PYRAMID, "{}.1280.webp")
    gallery = contestants.ours(GALLERY, "{}.1600.jpg")
    peers = {
        contestants.sharp(): (us, 1.2),
        contestants.pillow(): (us, 1.4),
        contestants.vipsthumbnail(): (us, 1.5),
        contestants.sigal(): (gallery, 1.8),
    }
    with tempfile.TemporaryDirectory(prefix="vitrine renditions ") as place:
        library = Path(os.environ.get("PHOTOGRAPHS", Path(place) / "library"))
        sources = Path(os.environ.get("SOURCES", SAMPLES))
        paths = make_photographs(library, _COUNT, sources=sources)
        runs = _compete([us, *peers, gallery], paths, Path(place) / "target")
    return [_tell(peer, runs[one], runs[peer], target) for peer, (one, target) in peers.items()]


def _compete(
    everybody: Sequence[Contestant], paths: Sequence[Path], target: Path
) -> dict[Contestant, Runs]:
    """Let each render all in turn; who comes first changes with every round."""
    for path in paths:
        path.read_bytes()  # whoever comes first must not wait for the disk alone
    runs = {one: Runs() for one in everybody}
    for number in range(_ROUNDS):
        start = number * len(everybody) // _ROUNDS
        for one in [*everybody[start:], *everybody[:start]]:
            target.mkdir()
            _time(one, paths, target, runs[one])
            if number == 0:
                _look_at(one, paths, target, runs[one])
            shutil.rmtree(target)
    return runs


def _time(one: Contestant, paths: Sequence[Path], target: Path, runs: Runs) -> None:
    began, spent = time.perf_counter(), _measure_processors()
    one.render(paths, target)
    runs.seconds.append(time.perf_counter() - began)
    runs.processor_seconds.append(_measure_processors() - spent)


def _measure_processors() -> float:
    """Sum the seconds of processor of this process and of all that it started and that ended."""
    both = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in both)


def _look_at(one: Contestant, paths: Sequence[Path], target: Path, runs: Runs) -> None:
    """Check that everything was written, and compare it with the originals."""
    files = [path for path in target.rglob("*") if path.suffix in {".jpg", ".webp", ".avif"}]
    found = {path.name: path for path in files if "thumbnails" not in path.parts}
    assert len(files) == one.files_each * len(paths), f"{one.name}: {len(files)} files"
    runs.kibibytes = sum(path.stat().st_size for path in files) / 1024 / len(paths)
    alike = [compare(found[one.compared.format(path.stem)], path) for path in paths]
    runs.likeness = statistics.mean(alike)


def _tell(peer: Contestant, ours: Runs, theirs: Runs, target: float) -> Result:
    picture = "the 1280 WebP" if peer.files_each == len(PYRAMID) else "the larger one"
    what = (
        f"{_COUNT} photographs of 12 to 24 MP to {peer.files_each} pictures each, 2 processors;"
        f" processor seconds each {ours.cost():.3f} against {theirs.cost():.3f},"
        f" SSIM of {picture} {ours.likeness:.4f} against {theirs.likeness:.4f},"
        f" KiB each {ours.kibibytes:.0f} against {theirs.kibibytes:.0f}"
    )
    name = f"renditions_{peer.name.partition(' ')[0].lower()}"
    return Result(
        name, what, "photographs/s", "higher", ours.rate(), target, peer.name, theirs.rate()
    )
