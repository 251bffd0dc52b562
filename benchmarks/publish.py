"""Publishing through Prefect, against the bare pipeline: the same hashing and renders, no more.

What an orchestrator and a database cost shows as a ratio below 1. Time runs from the flow's first
line to the open share; what starting the flow's process costs stands in a figure of its own.
"""

import hashlib
import shutil
import tempfile
import time
from datetime import datetime
from pathlib import Path

from isal import isal_zlib

from benchmarks.photographs import make_photographs
from benchmarks.result import Result, interleave
from benchmarks.stage import Stage, staged
from services.formats import LARGE, THUMBNAIL, WEB
from services.rendering.orders import RenderOrder, WantedOutput
from services.rendering.pool import RenderPool

_COUNT = 60
_ROUNDS = 3
_BLOCK_BYTES = 1 << 20


def measure() -> list[Result]:
    """Publish 60 photographs and render the same 60 bare, in turn."""
    with tempfile.TemporaryDirectory(prefix="vitrine publish ") as place:
        library = Path(place) / "library"
        folders = [library / f"round {number}" for number in range(_ROUNDS)]
        for number, folder in enumerate(folders):
            make_photographs(folder, _COUNT, seed=number + 1)
        with staged(Path(place) / "home", library) as stage:
            starts: list[float] = []
            ours, bare = iter(folders), iter(folders)
            flow, pipeline = interleave(
                lambda: _COUNT / _publish(stage, next(ours), starts),
                lambda: _COUNT / _render_bare(next(bare), Path(place) / "bare"),
                rounds=_ROUNDS,
            )
    what = f"{_COUNT} photographs of 12 to 24 MP to 3 formats, from the flow's first line"
    peer = "the bare pipeline: the same hashing and renders without Prefect, database and pages"
    start = "from the request to the flow's first line, a process started by Prefect's worker"
    return [
        Result("publish", what, "photographs/s", "higher", flow, 0.92, peer, pipeline),
        Result("publish_start", start, "s", "lower", round(sorted(starts)[_ROUNDS // 2], 2), 8.0),
    ]


def _publish(stage: Stage, folder: Path, starts: list[float]) -> float:
    key = folder.name.replace(" ", "-")
    began = time.time()
    run = stage.publish(
        {"owner": "owner", "title": folder.name, "folder": folder.name, "request_key": key}
    )
    stage.wait_for_share(key)
    opened = time.time()
    assert stage.wait_for_run(run) == "COMPLETED"
    first_line = datetime.fromisoformat(stage.find_run(run)["start_time"]).timestamp()
    starts.append(first_line - began)
    return opened - first_line


def _render_bare(folder: Path, target: Path) -> float:
    target.mkdir()
    pool = RenderPool(processes=2, seconds=60, memory_mb=1536)
    began = time.monotonic()
    paths = sorted(folder.rglob("*.jpg"))
    for path in paths:
        _hash(path)
    orders = [_order(path, target) for path in paths]
    assert not any(outcome.failure for outcome in pool.render(orders))
    seconds = time.monotonic() - began
    pool.close()
    shutil.rmtree(target)
    return seconds


def _hash(path: Path) -> None:
    digest, crc = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
            crc = isal_zlib.crc32(block, crc)


def _order(path: Path, target: Path) -> RenderOrder:
    status = path.stat()
    outputs = tuple(
        WantedOutput(one.name, one.recipe, str(target / f"{path.name}.{one.name}"))
        for one in (THUMBNAIL, WEB, LARGE)
    )
    return RenderOrder(
        path.name,
        str(path),
        size_bytes=status.st_size,
        mtime_ns=status.st_mtime_ns,
        outputs=outputs,
    )
