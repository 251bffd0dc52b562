"""Read camera raw files: the picture that the camera put in, else a development at half size."""

from typing import Any

import pyvips
import rawpy

from services.rendering.original import OpenOriginal, RenderFailed
from services.rendering.pixels import attach, check_size, hand_over

_JPEG = b"\xff\xd8\xff"
#: A smaller picture inside is no more than an icon.
_LEAST_USEFUL_EDGE = 1000
#: LibRaw's ways to turn a picture, as EXIF orientations.
_ORIENTATIONS = {3: 3, 5: 8, 6: 6}
_CODES = {
    rawpy.LibRawFileUnsupportedError: "unsupported",
    rawpy.LibRawNotImplementedError: "unsupported",
    rawpy.LibRawTooBigError: "too_large",
    rawpy.LibRawUnsufficientMemoryError: "memory",
    rawpy.LibRawMemPoolOverflowError: "memory",
}


def read(original: OpenOriginal) -> pyvips.Image:
    """Read the largest JPEG in a raw file; without a useful one develop it, already upright.

    Raises:
        RenderFailed: unsupported, too_large, damaged or memory.
    """
    try:
        with rawpy.imread(original.path) as raw:
            preview = _read_preview(raw)
            is_useful = preview and max(preview.width, preview.height) >= _LEAST_USEFUL_EDGE
            return preview if is_useful else _develop(raw)
    except rawpy.LibRawError as error:
        code = _CODES.get(type(error), "damaged")
        raise RenderFailed(code, f"The raw file cannot be read ({code})") from error


def _read_preview(raw: Any) -> pyvips.Image | None:
    try:
        found = raw.extract_thumb()
    except rawpy.LibRawError:
        return None
    if found.format is rawpy.ThumbFormat.BITMAP:
        height, width, bands = found.data.shape
        check_size(width, height)
        return _turn(hand_over(found.data.tobytes(), width, height, bands), raw.sizes)
    if not found.data.startswith(_JPEG):
        return None
    image = pyvips.Image.new_from_buffer(found.data, "", fail_on="truncated")
    check_size(image.width, image.height)
    return _turn(image.copy_memory(), raw.sizes)


def _turn(image: pyvips.Image, sizes: Any) -> pyvips.Image:
    """Say how to put a preview upright that does not say so itself.

    One that stands on end although the sensor lies was turned by the camera.
    """
    own = image.get("orientation") if image.get_typeof("orientation") else 0
    lies = (image.width >= image.height) == (sizes.raw_width >= sizes.raw_height)
    if own > 1 or not lies:
        return image
    return attach(image, orientation=_ORIENTATIONS.get(sizes.flip, 1))


def _develop(raw: Any) -> pyvips.Image:
    check_size(raw.sizes.raw_width, raw.sizes.raw_height)
    pixels = raw.postprocess(half_size=True, use_camera_wb=True, output_bps=8)
    height, width, bands = pixels.shape
    return hand_over(pixels.tobytes(), width, height, bands)
