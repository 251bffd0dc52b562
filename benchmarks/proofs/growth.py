"""Ten times the work takes ten times as long, and ten thousand photographs no more memory.

First 200 and 2,000 photographs of 12 to 24 megapixels through the product: the smaller share before
and after the larger one, so that a machine that slows down meanwhile slows both. Then 10,000 of two
megapixels, while the memory of the flow with its renderers and of the whole stack is sampled as
proportional set size. 200 photographs are distinct; of each the others differ in a comment, which
makes them other originals and costs the same. COUNT is the larger number (2,000), SOURCES names real
photographs to make them from.
"""

import os
import statistics
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pyvips

from benchmarks.photographs import SAMPLES, make_photographs
from benchmarks.publish import publish
from benchmarks.sampling import Sampler, Samples, compare_quarters
from benchmarks.stage import staged

_MANY = int(os.environ.get("COUNT", "2000"))
_FEW = max(1, _MANY // 10)
#: As many as a share may have, where _MANY is 2,000.
_SMALL_ONES = 5 * _MANY
_SMALL_EDGE = 1760
_MOST_SLOWER = 1.1
_MOST_FLOW_MB, _MOST_STACK_MB = 700, 1300


def prove() -> dict[str, Any]:
    """Publish ten times as many, and then ten thousand."""
    with tempfile.TemporaryDirectory(prefix="vitrine growth ") as place:
        library = Path(place) / "library"
        distinct = Path(os.environ.get("PHOTOGRAPHS", Path(place) / "distinct"))
        sources = Path(os.environ.get("SOURCES", SAMPLES))
        made = make_photographs(distinct, min(_FEW, 200), sources=sources)
        for name, count in (("before", _FEW), ("many", _MANY), ("after", _FEW)):
            copy_distinctly(made, library / name, count)
        copy_distinctly(_reduce_all(made, Path(place) / "small"), library / "small", _SMALL_ONES)
        with staged(Path(place) / "home", library) as stage:
            seconds = {
                name: publish(stage, name).flow_seconds for name in ("before", "many", "after")
            }
            sampler = Sampler(stage)
            seconds["small"] = publish(stage, "small").flow_seconds
            samples = sampler.stop()
    return _judge(seconds, samples)


def copy_distinctly(photographs: Sequence[Path], folder: Path, count: int) -> None:
    """Write `count` copies of JPEGs, 500 to a folder, of which no two have the same bytes."""
    for number, path in enumerate(islice(cycle(photographs), count)):
        target = folder / f"batch {number // 500:02}" / f"frame {number:05}.jpg"
        target.parent.mkdir(parents=True, exist_ok=True)
        note = f"{folder.name} {number}".encode()
        comment = b"\xff\xfe" + (len(note) + 2).to_bytes(2, "big") + note
        whole = path.read_bytes()
        target.write_bytes(whole[:2] + comment + whole[2:])


def _reduce_all(photographs: Sequence[Path], folder: Path) -> list[Path]:
    """Reduce photographs to about two megapixels."""
    folder.mkdir()

    def reduce(path: Path) -> Path:
        image = pyvips.Image.thumbnail(str(path), _SMALL_EDGE, height=_SMALL_EDGE)
        image.jpegsave(str(folder / path.name), Q=92)
        return folder / path.name

    with ThreadPoolExecutor(2) as threads:
        return list(threads.map(reduce, photographs))


def _judge(seconds: dict[str, float], samples: Samples) -> dict[str, Any]:
    few = statistics.fmean((seconds["before"], seconds["after"]))
    ratio = seconds["many"] / few / (_MANY / _FEW)
    peaks = max(samples.flow), max(samples.stack)
    is_small = peaks[0] <= _MOST_FLOW_MB and peaks[1] <= _MOST_STACK_MB
    return {
        "proven": ratio <= _MOST_SLOWER and is_small and samples.is_flat(),
        "photographs": [_FEW, _MANY, _FEW],
        "seconds": [round(seconds[name], 1) for name in ("before", "many", "after")],
        "times_slower_each": round(ratio, 3),
        "photographs_of_2_mp": _SMALL_ONES,
        "seconds_of_2_mp": round(seconds["small"], 1),
        "peak_flow_and_renderers_mb": round(peaks[0]),
        "peak_stack_mb": round(peaks[1]),
        "flow_quarters_mb": [round(one) for one in compare_quarters(samples.flow)],
        "stack_quarters_mb": [round(one) for one in compare_quarters(samples.stack)],
        "samples": len(samples.flow),
    }
