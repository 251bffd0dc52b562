"""Tools of the system that some tests need; where one is missing, CI fails and others are told."""

import os
import shutil

import pytest


def need_tool(name: str) -> str:
    """Find a program, or skip the test; on CI a missing one is a failure."""
    path = shutil.which(name)
    if path is None and os.environ.get("CI"):
        pytest.fail(f"{name} is not installed")
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path
