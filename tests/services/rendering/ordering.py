"""Orders for originals that a test has just written."""

from services.formats.catalogue import THUMBNAIL, VIEW
from services.originals import HEAD_BYTES
from services.rendering.orders import RenderOrder, WantedOutput
from services.sniffing import sniff


def make_order(path, *formats, media_type=None, folder=None):
    """Ask for formats of a file, which are written beside it; without formats for the usual two."""
    status = path.stat()
    with path.open("rb") as file:
        media_type = media_type or sniff(file.read(HEAD_BYTES)).media_type
    outputs = tuple(
        WantedOutput(one.name, one.recipe, str((folder or path.parent) / f"{path.name}.{one.name}"))
        for one in formats or (THUMBNAIL, VIEW)
    )
    return RenderOrder(
        path.name, str(path), status.st_size, status.st_mtime_ns, media_type, outputs
    )
