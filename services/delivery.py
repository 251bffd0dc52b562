"""From what a plan or a row says of some bytes to a source that reads exactly them."""

import contextlib
from collections.abc import Mapping
from typing import Any

from models.rendition import Rendition, rendition_store_key
from services.bytesource import ByteSource, Fingerprint, LocalFile
from services.contents import KnownRendition
from services.errors import OriginalChanged
from services.installation import Installation
from services.metadata.splices import SplicedSource, read_splices
from services.originals import identify_originals


def refer_to_original(part: Mapping[str, Any]) -> dict[str, Any]:
    """Say where the bytes of one part of a shared asset come from."""
    stat = part["stat"]
    return {
        "original": part["source_key"],
        "sha256": part["sha256"],
        "stat": [part["size_bytes"], stat["mtime_ns"], stat["ctime_ns"], stat["inode"]],
    }


def refer_to_stored(store_key: str, size_bytes: int) -> dict[str, Any]:
    """Say that bytes come from the store."""
    return {"stored": store_key, "size": size_bytes}


def refer_to_rendition(
    rendition: Rendition | KnownRendition, *, original: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Say where the bytes of a rendition come from: the store, or an original with splices.

    A wrapped rendition lies nowhere: it is another one's bytes with some replaced.
    """
    if rendition.splices is None:
        return refer_to_stored(rendition.store_key, rendition.size_bytes)
    inner = (
        refer_to_original(original)
        if original is not None
        else refer_to_stored(
            rendition_store_key(rendition.wraps, rendition.generation), rendition.wrapped_bytes
        )
    )
    return {"inner": inner, "splices": rendition.splices}


def open_source(installation: Installation, reference: Mapping[str, Any]) -> ByteSource:
    """Open what `refer_to_…` described.

    Raises:
        OriginalChanged: the bytes are not there any more, or they are others.
    """
    if "splices" in reference:
        inside = open_source(installation, reference["inner"])
        return SplicedSource(inside, read_splices(reference["splices"]))
    if "stored" in reference:
        return installation.store.open(reference["stored"], reference["size"])
    expected = Fingerprint(*reference["stat"])
    place = installation.originals.reach(reference["original"])
    if place:
        with contextlib.suppress(OriginalChanged):
            return LocalFile(place, expected)
    source = LocalFile(installation.originals.locate(reference["original"]))
    if source.fingerprint != expected:
        _check_content(installation, source, reference)
    return source


def _check_content(
    installation: Installation, source: LocalFile, reference: Mapping[str, Any]
) -> None:
    """Accept a file that was moved, copied back or touched, if its content is what was shared."""
    key = reference["original"]
    size_bytes = reference["stat"][0]
    if source.size_bytes == size_bytes:
        found, _ = identify_originals(installation, {key: installation.originals.locate(key)})
        is_same = key in found and found[key].sha256.hex() == reference["sha256"]
        if is_same and found[key].fingerprint == source.fingerprint:
            return
    source.close()
    raise OriginalChanged("This file has changed since it was shared, and is no longer offered")
