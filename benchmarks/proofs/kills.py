"""Kill -9 in the middle of rendering, three ways; then the same request gives one whole share."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from benchmarks.photographs import make_photographs
from benchmarks.stage import Stage, staged

_SHORT_LEASE = "5"


def prove() -> dict[str, Any]:
    """Kill at full size: 40 photographs, each way twice."""
    with tempfile.TemporaryDirectory(prefix="vitrine kills ") as place:
        return kill_and_repeat(Path(place), photographs=40, rounds=2)


def kill_and_repeat(place: Path, *, photographs: int, rounds: int) -> dict[str, Any]:
    """Kill in each way `rounds` times, and say what was not as promised."""
    library = place / "library"
    ways = (kill_flow_and_renderers, kill_worker, kill_everything)
    for number in range(rounds * len(ways)):
        make_photographs(library / f"shoot {number}", photographs, seed=number + 1)
    settings = {
        "VITRINE_PUBLISH_LEASE_SECONDS": _SHORT_LEASE,
        "VITRINE_RENDER_CHUNK": str(max(2, photographs // 8)),
    }
    problems: dict[str, list[str]] = {}
    with staged(place / "home", library, **settings) as stage:
        for number in range(rounds * len(ways)):
            way = ways[number % len(ways)]
            name = f"{way.__name__} {number // len(ways) + 1}"
            problems[name] = _try(stage, way, f"shoot {number}", photographs)
    return {
        "proven": not any(problems.values()),
        "kills": len(problems),
        "photographs": photographs,
        "problems": problems,
    }


def kill_flow_and_renderers(stage: Stage) -> None:
    """The flow's process and everything that it started."""
    assert stage.kill("prefect.engine")
    stage.kill("services.rendering.worker")


def kill_worker(stage: Stage) -> None:
    """Prefect's worker alone: the flow that it started goes on as an orphan."""
    assert stage.kill("prefect", "worker", "start")


def kill_everything(stage: Stage) -> None:
    """All of it, the database included, as when the machine loses its power."""
    stage.kill_all()
    stage.up()


def _try(stage: Stage, way: Callable[[Stage], None], folder: str, photographs: int) -> list[str]:
    key = folder.replace(" ", "-")
    request = {"owner": "owner", "title": folder, "folder": folder, "request_key": key}
    stage.publish(request)
    before = _count_made(stage)
    while _count_made(stage) < before + photographs // 2:
        pass  # in the middle: some of its renditions are made, and not all
    way(stage)
    again = stage.publish(request)
    share = stage.wait_for_share(key)
    assert stage.wait_for_run(again) == "COMPLETED"
    stage.wait_for_event(UUID(share["share"]), "share:published")
    return list(_find_problems(stage, way, share, before, photographs))


def _find_problems(
    stage: Stage,
    way: Callable[[Stage], None],
    share: dict[str, Any],
    before: int,
    photographs: int,
) -> list[str]:
    share_id = UUID(share["share"])
    made = _count_made(stage) - before
    promises = {
        "one share": stage.count("share", request_key=share["request_key"]) == 1,
        "frozen once": stage.count("history_event", kind="share:frozen", share_id=share_id) == 1,
        "opened once": stage.count("history_event", kind="share:published", share_id=share_id) == 1,
        "every asset": stage.count("shared_asset", share_id=share_id) == photographs,
        "each rendition once": made == 3 * photographs,
        "open": stage.count("share", id=share_id, state="open") == 1,
        "page right": _page_is_right(share["link"], photographs),
        "the orphan went on": way is not kill_worker or _fence(stage, share_id) == 1,
        "no file left over": _count_stored(stage) == _count_made(stage),
    }
    return [name for name, is_kept in promises.items() if not is_kept]


def _fence(stage: Stage, share_id: UUID) -> int:
    """Say how often the share was taken over: once, if its first run came to its end."""
    return max(n for n in range(100) if stage.count("share", id=share_id, fence=n))


def _page_is_right(link: str, photographs: int) -> bool:
    page = httpx.get(link, timeout=60)
    return page.status_code == httpx.codes.OK and page.text.count("/thumbnail") >= photographs


def _count_made(stage: Stage) -> int:
    """Count what was rendered: not what is being made, nor what is only wrapped."""
    return stage.count("rendition", state="present", wraps="")


def _count_stored(stage: Stage) -> int:
    folder = stage.home.path / "store" / "renditions"
    return sum(path.is_file() for path in folder.rglob("*"))
