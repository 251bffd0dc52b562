"""What ExifTool reads of originals and of what is taken of them, at both visibilities, kind by kind."""

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import imageio_ffmpeg
from sqlalchemy import select

from benchmarks.photographs import SAMPLES
from benchmarks.stage import Stage, staged
from benchmarks.tools import need_package
from models import SharedAsset

#: Nothing of these may leave the house in a rendition, nor in an original without metadata.
_SECRET = ("GPS", "Serial", "History", "Region", "ThumbnailImage", "PreviewImage", "Software")
_STRUCTURE = frozenset(
    {"ExifTool", "File", "System", "Composite", "JFIF", "ICC-header", "ICC_Profile"}
)
_TAGS = (
    *(
        "-Copyright=(c) Halden",
        "-Artist=I. Norden",
        "-ImageDescription=A ridge",
        "-Software=Secret 1",
    ),
    *("-GPSLatitude=51.5", "-GPSLatitudeRef=N", "-GPSLongitude=0.1", "-GPSLongitudeRef=W"),
    *("-XMP-aux:SerialNumber=12345", "-XMP-xmpMM:HistoryAction=saved", "-XMP-photoshop:City=Here"),
)
_YAML = """
users: {owner: {may_share: ["/"]}}
classifications: {Theme: {managed_by: [owner]}, Secret: {managed_by: []}}
assets:
"""


def prove() -> dict[str, Any]:
    """Share one file of each kind as minimum and as complete, and read what is taken."""
    need_package("exiftool", "libimage-exiftool-perl")
    with tempfile.TemporaryDirectory(prefix="vitrine metadata ") as place:
        library, taken = Path(place) / "library", Path(place) / "taken"
        make_library(library)
        with staged(Path(place) / "home", library) as stage:
            report = {one: take_all(stage, taken / one, one) for one in ("minimum", "complete")}
        before = {path.name: read_tags(path) for path in sorted(library.glob("photo*"))}
    told = [tags for files in report.values() for tags in files.values()]
    leaks = [tag for tags in told for tag in tags if any(word in tag for word in _SECRET)]
    return {"proven": not leaks and bool(told), "leaks": leaks, "before": before, **report}


def make_library(library: Path) -> None:
    """Make a file of each kind, full of what nobody outside should read."""
    library.mkdir()
    photograph = next(SAMPLES.rglob("Fig in a red bowl.jpg"))
    ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    for ending in ("jpg", "png", "tif", "webp"):
        _run(ffmpeg, "-i", str(photograph), "-vf", "scale=900:-2", str(library / f"photo.{ending}"))
    film = ("-f", "lavfi", "-i", "testsrc2=s=320x180:d=3", "-f", "lavfi", "-i", "sine=d=3")
    said = ("-metadata", "copyright=(c) Halden", "-metadata", "location=+51.5-000.1/")
    _run(ffmpeg, *film, *said, "-pix_fmt", "yuv420p", str(library / "film.mp4"))
    _run(ffmpeg, "-f", "lavfi", "-i", "sine=d=3", *said, str(library / "sound.mp3"))
    for path in library.glob("photo*"):
        _run("exiftool", "-overwrite_original", "-m", *_TAGS, str(path))
    entries = "".join(
        f'  "{path.name}": {{title: "A title", description: "Words.",'
        " classified: {Theme: [autumn], Secret: [unseen]}}\n"
        for path in sorted(library.iterdir())
    )
    (library / "library.yaml").write_text(_YAML + entries)


def take_all(stage: Stage, folder: Path, visibility: str) -> dict[str, list[str]]:
    """Publish with one visibility, take every format of every file, and read its tags."""
    folder.mkdir(parents=True)
    request = {"owner": "owner", "title": visibility, "folder": "/", "request_key": visibility}
    stage.publish(request | {"visibility": visibility, "originals": "without_metadata"})
    share = stage.wait_for_share(visibility)
    with stage.installation.transaction() as session:
        assets = session.execute(
            select(SharedAsset.position, SharedAsset.asset_id).where(
                SharedAsset.share_id == share["share"]
            )
        ).all()
    found = {}
    with httpx.Client(timeout=60) as browser:
        for position, asset_id in assets:
            for name in ("original", "web", "large", "film", "sound"):
                answer = browser.get(urljoin(share["link"], f"d/{position}/{name}"))
                if answer.status_code == httpx.codes.OK:
                    path = folder / f"{position}-{name}"
                    path.write_bytes(answer.content)
                    found[f"{asset_id} {name}"] = read_tags(path)
    return found


def read_tags(path: Path) -> list[str]:
    """Read all that a file says of itself, without what only describes its structure."""
    done = subprocess.run(
        ["exiftool", "-j", "-G1", "-a", str(path)], capture_output=True, text=True, check=True
    )
    (tags,) = json.loads(done.stdout)
    kept = (name for name in tags if name.split(":")[0] not in _STRUCTURE)
    return sorted(f"{name}={str(tags[name])[:60]}" for name in kept if ":" in name)


def _run(*words: str) -> None:
    subprocess.run([words[0], *words[1:]], check=True, capture_output=True)
