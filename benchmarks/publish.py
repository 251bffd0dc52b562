"""Publishing through Prefect, against the bare pipeline: the same hashing and renders, no more.

What an orchestrator and a database cost shows as a ratio below 1, from the flow's first line to the
open share. From the request on it also costs to start a process, which stands in figures of its own.
COUNT lowers the number of photographs.
"""

import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from benchmarks.photographs import make_photographs
from benchmarks.result import Result
from benchmarks.stage import Stage, staged
from services.formats.catalogue import THUMBNAIL, VIEW, read_catalogue
from services.formats.recipes import PictureRecipe
from services.originals import Original, read_original
from services.rendering.orders import RenderOrder, WantedOutput
from services.rendering.pool import RenderPool

_COUNT = int(os.environ.get("COUNT", "60"))
_ROUNDS = 3
_PROCESSES = 2
_LOOK_SECONDS = 0.25
_MOST_SECONDS = 7200.0


@dataclass(frozen=True)
class Publication:
    """When a share was asked for, when its flow ran its first line, and when it was open."""

    asked_at: float
    began_at: float
    opened_at: float

    @property
    def start_seconds(self) -> float:
        """From the request to the flow's first line."""
        return self.began_at - self.asked_at

    @property
    def flow_seconds(self) -> float:
        """From the flow's first line to the open share."""
        return self.opened_at - self.began_at

    @property
    def seconds(self) -> float:
        """From the request to the open share."""
        return self.opened_at - self.asked_at


def measure() -> list[Result]:
    """Publish 60 photographs and render the same 60 bare, in turn."""
    with tempfile.TemporaryDirectory(prefix="vitrine publish ") as place:
        library = Path(place) / "library"
        folders = [library / f"round {number}" for number in range(1, _ROUNDS + 1)]
        for number, folder in enumerate(folders, 1):
            make_photographs(folder, _COUNT, seed=number)
        with staged(Path(place) / "home", library) as stage:
            recipes = _list_recipes(stage)
            pairs = [
                (publish(stage, folder.name), _render_bare(folder, recipes, Path(place) / "bare"))
                for folder in folders
            ]
    return _tell(pairs, len(recipes))


def publish(stage: Stage, folder: str, key: str = "", **wanted: str) -> Publication:
    """Publish a folder of the library, and say when what happened; seldom asks how far it is.

    `wanted` are more fields of the request.
    """
    key = key or folder.replace(" ", "-")
    asked_at = time.time()
    request = {"owner": "owner", "title": key, "folder": folder, "request_key": key, **wanted}
    run = stage.publish(request)
    while not (share := stage.find_share(key)) or not share["link"]:
        if time.time() - asked_at > _MOST_SECONDS:
            raise TimeoutError(key)
        time.sleep(_LOOK_SECONDS)
    assert stage.wait_for_run(run) == "COMPLETED"
    began_at = datetime.fromisoformat(stage.find_run(run)["start_time"])
    opened_at = stage.read(
        "SELECT opened_at FROM share WHERE id = %(share)s", {"share": share["share"]}
    )
    return Publication(asked_at, began_at.timestamp(), opened_at.timestamp())


def _tell(pairs: Sequence[tuple[Publication, float]], formats: int) -> list[Result]:
    flow = statistics.median(_COUNT / one.flow_seconds for one, _ in pairs)
    bare = statistics.median(_COUNT / seconds for _, seconds in pairs)
    above = statistics.median(one.seconds - seconds for one, seconds in pairs)
    start = statistics.median(one.start_seconds for one, _ in pairs)
    what = f"{_COUNT} photographs of 12 to 24 MP to {formats} pictures each"
    peer = "the bare pipeline: the same hashing and renders without Prefect, database and pages"
    first = f"{what}, from the flow's first line to the open share"
    more = f"{what}, from the request to the open share: seconds more than the bare pipeline"
    process = "of these: from the request to the flow's first line, a process started for it"
    rates = round(flow, 3), 0.92, peer, round(bare, 3)
    return [
        Result("publish", first, "photographs/s", "higher", *rates),
        Result("publish_request", more, "s", "lower", round(above, 2), 8.0),
        Result("publish_start", process, "s", "lower", round(start, 2), 8.0),
    ]


def _list_recipes(stage: Stage) -> list[PictureRecipe]:
    """List what a photograph is rendered to: what pages show, and what is offered by itself."""
    with stage.installation.transaction() as session:
        catalogue = read_catalogue(session)
    # One of these is the same for a page and for a download, and is made once.
    wanted = (THUMBNAIL, VIEW, catalogue["web"], catalogue["large"])
    recipes = dict.fromkeys(one.recipe for one in wanted)
    return [one for one in recipes if isinstance(one, PictureRecipe)]


def _render_bare(folder: Path, recipes: Sequence[PictureRecipe], target: Path) -> float:
    target.mkdir()
    pool = RenderPool(processes=_PROCESSES, seconds=60, memory_mb=1536)
    began = time.monotonic()
    paths = sorted(folder.rglob("*.jpg"))
    with ThreadPoolExecutor(_PROCESSES) as threads:
        originals = list(threads.map(lambda path: read_original(str(path), path), paths))
    orders = [_order(one, recipes, target) for one in originals]
    assert not any(outcome.failure for outcome in pool.render(orders))
    seconds = time.monotonic() - began
    pool.close()
    shutil.rmtree(target)
    return seconds


def _order(original: Original, recipes: Sequence[PictureRecipe], target: Path) -> RenderOrder:
    name = original.sha256.hex()
    outputs = tuple(
        WantedOutput(f"{name}.{number}", recipe, str(target / f"{name}.{number}"))
        for number, recipe in enumerate(recipes)
    )
    return RenderOrder(
        name,
        original.source_key,
        size_bytes=original.size_bytes,
        mtime_ns=original.fingerprint.mtime_ns,
        media_type=original.media_type,
        outputs=outputs,
    )
