"""An hour of film through the whole product: its progress is seen, and its length costs no memory.

Two films, first of a minute and then of an hour: one in H.264 and 1080 lines, of which a page plays
a copy, and one in an old codec, which has to be encoded. The memory of the flow with its renderers
is sampled, and what Prefect shows of the progress is read as an operator reads it. SECONDS is the
length of the long ones (3,600).
"""

import os
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import imageio_ffmpeg  # type: ignore[import-untyped, unused-ignore]

from benchmarks.publish import publish
from benchmarks.sampling import Sampler
from benchmarks.stage import Stage, staged

_SHORT = 60
_LONG = int(os.environ.get("SECONDS", "3600"))
_LOOK_SECONDS = 2.0
#: What the hour may take more than the minute: the table of a film's frames grows with its length.
_MOST_MORE = 1.15
#: So many different figures an operator should have seen of an hour's work.
_FEWEST_FIGURES = 5
_SOUND = ("-f", "lavfi", "-i", f"sine=frequency=330:duration={_SHORT}")
#: Film by film: its picture, its codec. Noise, because a test card is smaller than any film is.
_FILMS = {
    "Feature.mp4": (
        f"testsrc2=size=1920x1080:rate=25:duration={_SHORT},noise=alls=12:allf=t",
        ("-c:v", "libx264", "-preset", "ultrafast", "-b:v", "6400k", "-pix_fmt", "yuv420p"),
    ),
    "Archive.avi": (
        f"testsrc2=size=640x360:rate=25:duration={_SHORT},noise=alls=12:allf=t",
        ("-c:v", "mpeg4", "-b:v", "1500k"),
    ),
}


def prove() -> dict[str, Any]:
    """Publish the short films, then the long ones."""
    with tempfile.TemporaryDirectory(prefix="vitrine film ") as place:
        library = Path(place) / "library"
        for name in _FILMS:
            _make_films(library, name)
        sizes = {one.name: one.stat().st_size for one in (library / "long").iterdir()}
        with staged(Path(place) / "home", library) as stage:
            short = _publish(stage, "short")
            long = _publish(stage, "long")
            failed = stage.count("rendition", state="failed")
    more = long["peak_mb"] / short["peak_mb"]
    figures = long["progress"]
    return {
        "proven": not failed
        and more <= _MOST_MORE
        and figures == sorted(figures)
        and len(figures) >= _FEWEST_FIGURES,
        "seconds_of_film": [_SHORT, _LONG],
        "bytes": sizes,
        "failed": failed,
        "short": short,
        "long": {**long, "progress": figures[:: max(1, len(figures) // 20)]},
        "figures_seen": len(figures),
        "times_the_memory": round(more, 3),
    }


def _make_films(library: Path, name: str) -> None:
    """Make a film of a minute, and an hour of the same minute."""
    picture, codec = _FILMS[name]
    short, long = library / "short" / name, library / "long" / name
    for one in (short, long):
        one.parent.mkdir(parents=True, exist_ok=True)
    _run_ffmpeg("-f", "lavfi", "-i", picture, *_SOUND, *codec, "-c:a", "aac", short)
    times = max(0, -(-_LONG // _SHORT) - 1)
    _run_ffmpeg("-stream_loop", times, "-i", short, "-t", _LONG, "-c", "copy", long)


def _run_ffmpeg(*arguments: object) -> None:
    quiet = ["-y", "-nostdin", "-hide_banner", "-loglevel", "error"]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), *quiet, *map(str, arguments)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def _publish(stage: Stage, folder: str) -> dict[str, Any]:
    sampler, watch = Sampler(stage), _Watch(stage)
    publication = publish(stage, folder)
    figures, samples = watch.stop(), sampler.stop()
    return {
        "seconds": round(publication.flow_seconds, 1),
        "peak_mb": round(max(samples.flow)),
        "samples": len(samples.flow),
        "progress": figures,
    }


class _Watch:
    """Reads the progress that Prefect shows, from a thread of its own; each new figure once."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._began = time.time()
        self._figures: list[float] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True, name="progress")
        self._thread.start()

    def stop(self) -> list[float]:
        """Read no more, and give what was seen."""
        self._stop.set()
        self._thread.join()
        return self._figures

    def _watch(self) -> None:
        wanted = {"artifacts": {"type": {"any_": ["progress"]}}, "sort": "CREATED_DESC", "limit": 1}
        seen = {str(one["id"]) for one in self._read(wanted)}
        while not self._stop.wait(_LOOK_SECONDS):
            for one in self._read(wanted):
                figure = float(one["data"])
                if str(one["id"]) not in seen and figure not in self._figures[-1:]:
                    self._figures.append(figure)

    def _read(self, wanted: dict[str, Any]) -> list[dict[str, Any]]:
        answer = self._stage.api.post("/artifacts/filter", json=wanted)
        found: list[dict[str, Any]] = answer.raise_for_status().json()
        return found
