"""Programs of the system that peers need: installed where that is possible, else named."""

import os
import shutil
import subprocess


def need_package(program: str, package: str) -> None:
    """Install a Debian package if its program is missing.

    Raises:
        RuntimeError: it cannot be installed here; the message names it.
    """
    if shutil.which(program):
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], check=True, stdout=subprocess.DEVNULL)
        command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", package]
        subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
        return
    raise RuntimeError(f"{program} is missing: install the package {package}")
