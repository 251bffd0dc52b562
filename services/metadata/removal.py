"""Take the metadata out of an original, as splices: its pixels and samples stay as they are."""

from collections.abc import Mapping

from services.bytesource import ByteSource
from services.metadata import jpeg, ogg, png
from services.metadata.embedding import WAYS, Rewrite, choose_way
from services.metadata.packet import Packet
from services.metadata.splices import Splice
from services.metadata.window import Window

#: Where `embed` looks at the head of a file only, these look at all of it.
_WAYS: Mapping[str, Rewrite] = {
    **WAYS,
    "image/jpeg": jpeg.rewrite,
    "image/png": png.rewrite,
    "audio/ogg": ogg.rewrite,
}
_NOTHING = Packet()


def remove(media_type: str, source: ByteSource, keep: Packet = _NOTHING) -> tuple[Splice, ...]:
    """Say what to replace in an original so that it tells nothing beyond what it shows.

    What stays is chosen, not what goes: coded pictures and sound, what decoders need, the colour
    profile and the orientation. A part that is not understood goes, or the whole is refused where
    it could not be shown without that part. Second pictures, gain and depth maps, chapters, time
    codes and tracks of positions go too. What is inside coded pictures and sound themselves (a
    watermark, an encoder's signature between frames) and inside a colour profile stays.

    Args:
        media_type: of the file, as it was found in its first bytes.
        source: the file; of a JPEG, PNG, GIF and Ogg all of it is looked through once.
        keep: what it should say all the same, a copyright notice as a rule.

    Raises:
        MetadataUnsupported: it cannot be promised for this file; the message says why.
        OriginalChanged: the file is not the one that was opened.
    """
    return choose_way(_WAYS, media_type)(Window(source), keep)
