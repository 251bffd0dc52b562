"""Make all renditions of one picture from one decoding of it. Runs in a guarded process only.

The largest is made first and the others from it. What a file claims of itself is checked before a
pixel is read: a picture of a few hundred bytes can ask for gigabytes.
"""

import errno
import os
from collections.abc import Iterable, Sequence
from typing import Any

import pyvips

from services.formats.facts import Facts
from services.formats.geometry import Geometry, plan_geometry
from services.formats.recipes import MotionRecipe, PictureRecipe
from services.rendering.animations import write_animation
from services.rendering.encoding import encode
from services.rendering.orders import (
    Failure,
    RenderedFile,
    RenderOrder,
    RenderOutcome,
    Report,
    WantedOutput,
)
from services.rendering.original import OpenOriginal, RenderFailed, explain_disk
from services.rendering.picture_heads import (
    DRAWING,
    LARGEST_SVG_BYTES,
    NATIVE,
    read_head,
    read_picture_facts,
)
from services.rendering.placeholders import thumbhash
from services.rendering.profiles import choose_conversion
from services.rendering.written import describe


def render(original: OpenOriginal, order: RenderOrder, report: Report) -> RenderOutcome:  # noqa: ARG001
    """Make everything that an order asks for of a still picture or an animation.

    Raises:
        RenderFailed: the original cannot be rendered; nothing that was written counts.
    """
    try:
        head = read_head(original)
        facts = read_picture_facts(original, head)
    except pyvips.Error as error:
        raise explain(error) from error
    plain, kept = _divide_by_colour(order.outputs)
    moving, failures = _write_moving(original, order, facts)
    files = list(moving)
    for outputs, write in ((plain, _write_converted), (kept, _write_unconverted)):
        try:
            files += write(original, head, facts, outputs) if outputs else ()
        except pyvips.Error as error:
            # What is asked for in other colours fails alone; a picture of which nothing comes, whole.
            if outputs is plain or not files:
                raise explain(error) from error
            failures |= dict.fromkeys((one.name for one in outputs), explain(error).failure)
    return RenderOutcome(order, tuple(files), facts, failures)


def write_pictures(
    image: Any, outputs: Sequence[WantedOutput], *, may_enlarge: bool = False
) -> tuple[RenderedFile, ...]:
    """Write an upright picture in sRGB or grey as each output asks, and describe what was written.

    Args:
        image: a pyvips image of 8 bits; no output is larger unless it asks to be enlarged.
        outputs: with picture recipes only.
        may_enlarge: whether the picture may grow because it is a drawing.
    """
    # In memory, because a picture that is read in sequence can be saved only once.
    base = step = image.copy_memory()
    written: list[tuple[WantedOutput, Any, bool]] = []
    for output, plan in _plan(outputs, base, may_enlarge=may_enlarge):
        recipe = _recipe(output)
        is_whole = recipe.fit == "inside"
        shaped = _shape(step if is_whole else base, plan)
        if is_whole and shaped is not step:
            step = shaped = shaped.copy_memory()
        finished = _finish(shaped, recipe, plan)
        encode(finished, recipe, output.path)
        written.append((output, finished, is_whole))
    # The smallest says as well as the largest how all of it looks.
    whole = thumbhash(step) if any(is_whole for *_, is_whole in written) else ""
    return tuple(
        describe(
            output,
            width=finished.width,
            height=finished.height,
            placeholder=whole if is_whole else thumbhash(finished),
        )
        for output, finished, is_whole in written
    )


def explain(error: Exception) -> RenderFailed:
    """Turn what libvips says into a code; its own words stay in the log of the process."""
    text = str(error).lower()
    for number in (errno.ENOSPC, errno.EDQUOT):
        if os.strerror(number).lower() in text:
            return explain_disk(OSError(number, os.strerror(number)))
    if any(words in text for words in ("out of memory", "insufficient memory", "allocate")):
        return RenderFailed("memory", "The picture needs more memory than is allowed")
    if "not in a known format" in text or "not a known file format" in text:
        return RenderFailed("unsupported", "The file is no picture that can be read")
    if "not supported" in text or "unsupported" in text:
        return RenderFailed("unsupported", "The picture is of a kind that cannot be read")
    return RenderFailed("damaged", "The picture is damaged and cannot be read to its end")


def _decode(
    original: OpenOriginal, head: Any, facts: Facts, outputs: Sequence[WantedOutput]
) -> Any:
    """Read the original at the largest size that is wanted: upright, sRGB or grey, 8 bits."""
    is_drawing = original.media_type == DRAWING
    box = _largest(outputs, facts, may_enlarge=is_drawing)
    # Exactly this size: fitted into a box that was rounded, a narrow picture loses much more.
    options: dict[str, Any] = {"height": box[1], "size": "force", **choose_conversion(head)}
    if is_drawing:
        content = original.read(LARGEST_SVG_BYTES)
        return pyvips.Image.thumbnail_buffer(content, box[0], fail_on="truncated", **options)
    if original.media_type not in NATIVE:
        return head.thumbnail_image(box[0], **options)
    shrink = _choose_shrink(original, facts, box)
    if shrink > 1:
        reduced = pyvips.Image.new_from_file(
            original.path, access="sequential", fail_on="truncated", shrink=shrink
        )
        return reduced.thumbnail_image(box[0], **options)
    return pyvips.Image.thumbnail(original.path, box[0], fail_on="truncated", **options)


def _choose_shrink(original: OpenOriginal, facts: Facts, box: tuple[int, int]) -> int:
    """Choose by how much a JPEG is reduced while it is decoded: 1, 2, 4 or 8.

    libvips by itself keeps twice the size for the last reduction; the pictures are alike, and a
    photograph of twice the wanted size takes a tenth longer.
    """
    if original.media_type != "image/jpeg":
        return 1
    factor = min(facts.width / box[0], facts.height / box[1])
    return next((one for one in (8, 4, 2) if factor >= one), 1)


def _largest(
    outputs: Sequence[WantedOutput], facts: Facts, *, may_enlarge: bool
) -> tuple[int, int]:
    """Say how large the one decoding must be, so that no output is made from less than there is."""
    plans = [
        plan_geometry(_recipe(one), facts.width, facts.height, may_enlarge=may_enlarge).scaled
        for one in outputs
    ]
    width, height = (max(sides) for sides in zip(*plans, strict=True))
    if may_enlarge:
        return width, height
    scale = min(1.0, max(width / facts.width, height / facts.height))
    return max(1, round(facts.width * scale)), max(1, round(facts.height * scale))


def _plan(
    outputs: Sequence[WantedOutput], base: Any, *, may_enlarge: bool
) -> Iterable[tuple[WantedOutput, Geometry]]:
    """Plan each output, the largest first: what is smaller is made from what is larger."""
    plans = [
        (one, plan_geometry(_recipe(one), base.width, base.height, may_enlarge=may_enlarge))
        for one in outputs
    ]
    return sorted(plans, key=lambda one: one[1].scaled[0] * one[1].scaled[1], reverse=True)


def _shape(image: Any, plan: Geometry) -> Any:
    if (image.width, image.height) == plan.scaled:
        return image
    width, height = plan.scaled
    return image.thumbnail_image(width, height=height, size="force")


def _finish(image: Any, recipe: PictureRecipe, plan: Geometry) -> Any:
    """Cut, lay on a canvas, and take the colour out, as the recipe says."""
    if recipe.fit == "cover":
        width, height = min(plan.cropped[0], image.width), min(plan.cropped[1], image.height)
        image = image.smartcrop(width, height, interesting=recipe.crop)
    if recipe.fit == "pad":
        ground = [int(recipe.background[at : at + 2], 16) for at in (1, 3, 5)]
        image = image.colourspace("srgb")
        image = image.flatten(background=ground) if image.hasalpha() else image
        image = image.gravity("centre", *plan.canvas, extend="background", background=ground)
    return image.colourspace("b-w") if recipe.colour == "grey" else image


def _divide_by_colour(
    outputs: Iterable[WantedOutput],
) -> tuple[list[WantedOutput], list[WantedOutput]]:
    plain: list[WantedOutput] = []
    kept: list[WantedOutput] = []
    for output in outputs:
        if isinstance(output.recipe, PictureRecipe):
            (kept if output.recipe.colour == "keep" else plain).append(output)
    return plain, kept


def _write_converted(
    original: OpenOriginal, head: Any, facts: Facts, outputs: Sequence[WantedOutput]
) -> tuple[RenderedFile, ...]:
    return write_pictures(_decode(original, head, facts, outputs), outputs)


def _write_unconverted(
    original: OpenOriginal, head: Any, facts: Facts, outputs: Sequence[WantedOutput]
) -> tuple[RenderedFile, ...]:
    """Write what keeps its own colours, profile and depth: a decoding of its own."""
    if original.media_type in NATIVE:
        head = pyvips.Image.new_from_file(original.path, fail_on="truncated")
    upright = head.autorot()
    if upright.hasalpha():
        # What is laid on a ground is mixed with its colour, which is one of the screen.
        upright = _convert(upright)
    files = []
    for output in outputs:
        plan = plan_geometry(_recipe(output), facts.width, facts.height)
        image = upright.resize(
            plan.scaled[0] / upright.width, vscale=plan.scaled[1] / upright.height
        )
        finished = _finish(image, _recipe(output), plan)
        encode(finished, _recipe(output), output.path)
        files.append(describe(output, width=finished.width, height=finished.height))
    return tuple(files)


def _convert(image: Any) -> Any:
    if image.get_typeof("icc-profile-data"):
        image = image.icc_transform("srgb")
    image = image.colourspace("srgb").copy()
    image.remove("icc-profile-data")
    return image.cast("uchar")


def _write_moving(
    original: OpenOriginal, order: RenderOrder, facts: Facts
) -> tuple[list[RenderedFile], dict[str, Failure]]:
    files: list[RenderedFile] = []
    failures: dict[str, Failure] = {}
    for output in order.outputs:
        if isinstance(output.recipe, PictureRecipe):
            continue
        if not isinstance(output.recipe, MotionRecipe):
            failures[output.name] = Failure("not_applicable", "This is a picture")
            continue
        try:
            files.append(write_animation(original, facts, output, output.recipe))
        except RenderFailed as error:
            failures[output.name] = error.failure
        except pyvips.Error as error:
            failures[output.name] = explain(error).failure
    return files, failures


def _recipe(output: WantedOutput) -> PictureRecipe:
    if not isinstance(output.recipe, PictureRecipe):
        raise TypeError(output.name)
    return output.recipe
