"""Describe what was written: the digests that plans and ETags are made of."""

import hashlib
from pathlib import Path

from isal import isal_zlib

from services.rendering.orders import RenderedFile, WantedOutput

_BLOCK_BYTES = 1 << 20


def describe(
    output: WantedOutput,
    *,
    width: int = 0,
    height: int = 0,
    duration_ms: int = 0,
    placeholder: str = "",
) -> RenderedFile:
    """Describe the file that was written for an output."""
    digest, crc32, size = hashlib.sha256(), 0, 0
    with Path(output.path).open("rb", buffering=0) as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
            crc32 = isal_zlib.crc32(block, crc32)
            size += len(block)
    return RenderedFile(
        name=output.name,
        path=output.path,
        media_type=output.recipe.media_type,
        size_bytes=size,
        sha256=digest.digest(),
        crc32=crc32,
        width=width,
        height=height,
        duration_ms=duration_ms,
        placeholder=placeholder,
    )
