"""Who renders photographs: ourselves, exactly as the product does, and the peers.

Each gets the paths and a folder to write to, has two processors, and ends when all is written.
Files are called after their photograph, their longest side and their type.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers.installing import (
    install_python,
    install_sharp,
    read_python_version,
    read_sharp_version,
)
from benchmarks.tools import need_package
from services.formats.recipes import PictureRecipe
from services.rendering.orders import RenderOrder, WantedOutput
from services.rendering.pool import RenderPool

_HERE = Path(__file__).resolve().parent
_PROCESSES = 2
#: The pyramid that everybody makes.
PYRAMID = (
    PictureRecipe(320, 320, "webp", 80),
    PictureRecipe(1280, 1280, "webp", 80),
    PictureRecipe(1280, 1280, "avif", 55),
    PictureRecipe(2560, 2560, "jpeg", 84),
)
#: What a static gallery makes: a picture to look at and a small one, with sigal's own quality.
GALLERY = (PictureRecipe(640, 640, "jpeg", 85), PictureRecipe(1600, 1600, "jpeg", 85))
_GALLERY_SETTINGS = """
theme = "photoswipe"
img_size = (1600, 1600)
thumb_size = (640, 640)
thumb_fit = False
jpg_options = {"quality": 85, "optimize": True, "progressive": True}
write_html = False
"""

Render = Callable[[Sequence[Path], Path], None]


@dataclass(frozen=True)
class Contestant:
    """One way to render; `compared` finds the file that is compared with the original."""

    name: str
    render: Render
    compared: str
    files_each: int = len(PYRAMID)


def ours(recipes: Sequence[PictureRecipe], compared: str) -> Contestant:
    """Ourselves: the pool of the product, outputs hashed and placeholders made."""

    def render(paths: Sequence[Path], target: Path) -> None:
        pool = RenderPool(processes=_PROCESSES, seconds=60, memory_mb=1536)
        outcomes = list(pool.render([_order(path, recipes, target) for path in paths]))
        pool.close()
        assert not any(one.failure or one.failures for one in outcomes)

    return Contestant("ours", render, compared, len(recipes))


def sharp() -> Contestant:
    """The fastest library of Node.js, built on the same libvips."""
    folder = install_sharp()
    command = ["node", str(_HERE / "sharp.mjs"), str(folder)]
    return Contestant(
        f"sharp {read_sharp_version(folder)}",
        lambda paths, target: _feed([*command, str(target), str(_PROCESSES)], paths),
        "{}.1280.webp",
    )


def pillow() -> Contestant:
    """The imaging library of Python."""
    programs = install_python("pillow")
    command = [str(programs / "python"), str(_HERE / "pillow_pyramid.py")]
    return Contestant(
        f"Pillow {read_python_version(programs, 'pillow')}",
        lambda paths, target: _feed([*command, str(target), str(_PROCESSES)], paths),
        "{}.1280.webp",
    )


def vipsthumbnail() -> Contestant:
    """The program of libvips, as the system has it."""
    need_package("vipsthumbnail", "libvips-tools")
    said = subprocess.run(
        ["vipsthumbnail", "--version"], check=True, capture_output=True, text=True
    )
    script = ["env", "VIPS_CONCURRENCY=1", "sh", str(_HERE / "vipsthumbnail.sh")]

    def render(paths: Sequence[Path], target: Path) -> None:
        # Portions as large as leave both processes at work to the end.
        portion = min(25, -(-len(paths) // _PROCESSES))
        _feed(
            ["xargs", "-d", "\\n", f"-P{_PROCESSES}", f"-n{portion}", *script, str(target)], paths
        )

    version = said.stdout.strip().partition("-")[2]
    return Contestant(f"vipsthumbnail {version}", render, "{}.1280.webp")


def sigal() -> Contestant:
    """A static gallery in Python, without its pages."""
    programs = install_python("sigal")

    def render(paths: Sequence[Path], target: Path) -> None:
        album = target.parent / "album"
        shutil.rmtree(album, ignore_errors=True)
        album.mkdir()
        for path in paths:
            (album / path.name).symlink_to(path)
        settings = target.parent / "sigal.conf.py"
        settings.write_text(_GALLERY_SETTINGS)
        command = [str(programs / "sigal"), "build", "-q", "-n", str(_PROCESSES)]
        _feed([*command, "-c", str(settings), str(album), str(target)], ())

    name = f"sigal {read_python_version(programs, 'sigal')}"
    return Contestant(name, render, "{}.jpg", len(GALLERY))


def _order(path: Path, recipes: Sequence[PictureRecipe], target: Path) -> RenderOrder:
    status = path.stat()
    outputs = tuple(_output(path, recipe, target) for recipe in recipes)
    return RenderOrder(
        path.name, str(path), status.st_size, status.st_mtime_ns, "image/jpeg", outputs
    )


def _output(path: Path, recipe: PictureRecipe, target: Path) -> WantedOutput:
    name = f"{path.stem}.{recipe.width}.{recipe.encoder.replace('jpeg', 'jpg')}"
    return WantedOutput(name, recipe, str(target / name))


def _feed(command: Sequence[str], paths: Sequence[Path]) -> None:
    text = "".join(f"{path}\n" for path in paths)
    done = subprocess.run(
        command,
        input=text,
        capture_output=True,
        text=True,
        check=False,
        # Ours as it was at the start: our libvips adds where it lies, and theirs would believe it.
        env=dict(os.environ),
    )
    if done.returncode:
        print(done.stdout, done.stderr, file=sys.stderr)
        raise RuntimeError(f"{command[0]} ended with {done.returncode}")
