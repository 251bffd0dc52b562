"""The order in which people expect names."""

import re
import unicodedata
from pathlib import Path

from services.dam.protocol import DamAsset


def natural(text: str) -> list[tuple[int, int, str]]:
    """Order as people do: 2 before 10, and without regard to case."""
    parts = re.split(r"(\d+)", unicodedata.normalize("NFKC", text).casefold())
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part]


def natural_place(
    asset: DamAsset,
) -> tuple[list[list[tuple[int, int, str]]], list[tuple[int, int, str]]]:
    """Order assets by folder, then by name."""
    folders = [natural(part) for part in asset.folder.split("/") if part]
    name = Path(asset.files[0].file_name).stem if asset.kind_hint == "file" else asset.title
    return folders, natural(name)
