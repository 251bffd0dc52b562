"""A folder of files that nobody here made: published, what was rendered on sheets, what was not with why.

`WILD` names the folder: test files of image libraries, themes, documentation, anything. The sheets
lie in `SHEETS` (else in the working directory's `wild-sheets`), to be looked at. The table has a
line for each type of content and format: how many were made, their mean size, and how long one of
them takes alone, decoding included.
"""

import os
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import pyvips
from sqlalchemy import select

from benchmarks.stage import Stage, staged
from deployments.stack.memory import PeakMemory
from models import Rendition, RenditionRef, SharedAsset
from models.kinds import RenditionState
from services.formats.recipes import read_recipe
from services.rendering.orders import RenderOrder, WantedOutput
from services.rendering.pool import RenderPool

_TILE, _ACROSS, _A_SHEET = 160, 12, 144
_MOST_SECONDS = 600

#: One part of an asset, and a rendition of it.
Made = tuple[dict[str, Any], Rendition]


def prove() -> dict[str, Any]:
    """Publish the folder, and tell what came of each kind and format."""
    library = Path(os.environ["WILD"])
    sheets = Path(os.environ.get("SHEETS", "wild-sheets"))
    with (
        tempfile.TemporaryDirectory(prefix="vitrine wild ") as place,
        staged(Path(place) / "home", library) as stage,
    ):
        memory = PeakMemory(stage.home.mark)
        began = time.monotonic()
        stage.publish({"owner": "owner", "title": "Wild", "folder": "/", "request_key": "wild"})
        link = stage.wait_for_share("wild")["link"]
        seconds = time.monotonic() - began
        peak_mb = memory.stop()
        table, failures = read_results(stage, library)
        made = draw_sheets(stage, sheets)
    return {
        "proven": bool(link) and len(table) > 0,
        "files": sum(1 for one in library.rglob("*") if one.is_file()),
        "seconds_to_link": round(seconds, 1),
        "peak_rss_mb": peak_mb,
        "sheets": made,
        "kinds_and_formats": table,
        "failures": failures,
    }


def read_results(stage: Stage, library: Path) -> tuple[list[str], dict[str, list[str]]]:
    """Sum up renditions by type and format, and list what failed by its reason."""
    made: dict[tuple[str, str], list[Made]] = defaultdict(list)
    failures: dict[str, list[str]] = defaultdict(list)
    with stage.installation.transaction() as session:
        rows = session.execute(
            select(SharedAsset, RenditionRef, Rendition)
            .join(
                RenditionRef,
                (RenditionRef.share_id == SharedAsset.share_id)
                & (RenditionRef.position == SharedAsset.position),
            )
            .join(Rendition, Rendition.key == RenditionRef.key)
            .where(Rendition.wraps == "")
            .order_by(SharedAsset.position)
        ).all()
    for asset, ref, rendition in rows:
        if rendition.state is RenditionState.PRESENT:
            part = asset.parts[ref.part - 1]
            made[part["media_type"], ref.format].append((part, rendition))
        elif rendition.failure != "not_applicable":
            reason = f"{rendition.failure}: {rendition.failure_text}"
            failures[reason].append(asset.asset_id)
    with tempfile.TemporaryDirectory() as folder:
        pool = RenderPool(processes=1, seconds=_MOST_SECONDS, memory_mb=1536)
        table = [
            _sum_up(kind, name, found, _time(pool, library, found[0], Path(folder)))
            for (kind, name), found in sorted(made.items())
        ]
        pool.close()
    return table, {reason: sorted(set(found)) for reason, found in failures.items()}


def _sum_up(kind: str, name: str, found: list[Made], seconds: float) -> str:
    mean = round(sum(rendition.size_bytes for _, rendition in found) / len(found))
    return f"{kind} {name}: {len(found)}, {mean:,} bytes, {round(1000 * seconds):,} ms"


def _time(pool: RenderPool, library: Path, one: Made, folder: Path) -> float:
    """Make one rendition alone, and say how many seconds it took."""
    part, rendition = one
    output = WantedOutput("one", read_recipe(rendition.recipe), str(folder / "one"))
    order = RenderOrder(
        part["sha256"],
        str(library / part["source_key"]),
        size_bytes=part["size_bytes"],
        mtime_ns=part["stat"]["mtime_ns"],
        media_type=part["media_type"],
        outputs=(output,),
    )
    began = time.monotonic()
    assert all(not outcome.failure for outcome in pool.render([order]))
    return time.monotonic() - began


def draw_sheets(stage: Stage, folder: Path) -> int:
    """Draw all thumbnails on sheets of 144, and return how many sheets there are."""
    folder.mkdir(parents=True, exist_ok=True)
    with stage.installation.transaction() as session:
        keys = session.scalars(
            select(Rendition.key)
            .join(RenditionRef, RenditionRef.key == Rendition.key)
            .where(RenditionRef.format == "thumbnail", Rendition.state == RenditionState.PRESENT)
            .order_by(RenditionRef.position)
        ).all()
        places = [session.get_one(Rendition, key).store_key for key in dict.fromkeys(keys)]
    tiles = [_draw_tile(stage.installation.store.get(place)) for place in places]
    for start in range(0, len(tiles), _A_SHEET):
        sheet = pyvips.Image.arrayjoin(tiles[start : start + _A_SHEET], across=_ACROSS)
        sheet.jpegsave(str(folder / f"sheet-{start // _A_SHEET + 1:02}.jpg"), Q=85)
    return -(-len(tiles) // _A_SHEET)


def _draw_tile(content: bytes) -> Any:
    tile = pyvips.Image.thumbnail_buffer(content, _TILE, height=_TILE).colourspace("srgb")
    # Grey behind transparency, so that white on white is seen.
    tile = tile.flatten(background=[160, 160, 160]) if tile.hasalpha() else tile
    return tile.gravity("centre", _TILE, _TILE, extend="background", background=[90, 90, 90])
