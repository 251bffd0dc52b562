"""Peers are installed by the benchmark itself, each into a folder of its own that is kept."""

import subprocess
import sys
from pathlib import Path

from benchmarks.tools import need_package

#: Beside the data of the local stack, which no repository holds.
KEPT = Path(__file__).resolve().parents[2] / ".vitrine" / "peers"
#: The newest first: some need a newer Node.js than there is.
_SHARP = ("sharp@latest", "sharp@0.34", "sharp@0.33")


def install_python(name: str) -> Path:
    """Install a package of PyPI into an environment of its own; gives its folder of programs."""
    programs = KEPT / name / "bin"
    if not (KEPT / name / "installed").exists():
        _run(sys.executable, "-m", "venv", "--clear", str(KEPT / name))
        _run(str(programs / "python"), "-m", "pip", "install", "--quiet", "--upgrade", name)
        (KEPT / name / "installed").touch()
    return programs


def install_sharp() -> Path:
    """Install sharp, the newest that runs here; gives the folder that holds it."""
    need_package("node", "nodejs")
    need_package("npm", "npm")
    folder = KEPT / "sharp"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text('{"private": true}\n')
    for wanted in () if read_sharp_version(folder) else _SHARP:
        _run("npm", "install", "--silent", "--prefix", str(folder), wanted)
        if read_sharp_version(folder):
            break
    return folder


def read_sharp_version(folder: Path) -> str:
    """Say which sharp runs, "" if none does."""
    script = "console.log(require('sharp').versions.sharp)"
    done = subprocess.run(
        ["node", "-e", script], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else ""


def read_python_version(programs: Path, name: str) -> str:
    """Say which version of a package an environment has."""
    script = f"import importlib.metadata as m; print(m.version({name!r}))"
    command = [str(programs / "python"), "-c", script]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _run(*command: str) -> None:
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr[-2000:]}")
