"""Make all renditions of one film. Runs in a guarded process only, and ffmpeg as its child."""

from functools import partial

from services.formats.recipes import (
    FilmRecipe,
    MotionRecipe,
    PictureRecipe,
    StoryboardRecipe,
)
from services.rendering.film import Film
from services.rendering.film_encoding import may_copy_picture, write_film
from services.rendering.film_pictures import write_motion, write_posters, write_storyboard
from services.rendering.film_probe import probe
from services.rendering.orders import RenderedFile, RenderOrder, RenderOutcome, Report, WantedOutput
from services.rendering.original import OpenOriginal
from services.rendering.sounds import plan_sound, render_sound
from services.rendering.steps import Step, take_steps

#: How long a film takes to encode beside its poster, and how long to copy.
_ENCODING, _COPYING = 30.0, 1.0


def render(original: OpenOriginal, order: RenderOrder, report: Report) -> RenderOutcome:
    """Make everything that an order asks for of a film.

    Each output fails alone. A film without a picture is rendered as a sound.

    Raises:
        RenderFailed: the film cannot even be looked into.
    """
    film = probe(original)
    if film.picture is None:
        return render_sound(original, film, order, report)
    steps = [_plan(original, film, one) for one in order.outputs if not _is_picture(one)]
    if posters := [one for one in order.outputs if _is_picture(one)]:
        steps.insert(0, Step(posters, 1, partial(write_posters, original, film, posters)))
    return take_steps(order, film.facts, steps, report)


def _is_picture(output: WantedOutput) -> bool:
    return isinstance(output.recipe, PictureRecipe)


def _plan(original: OpenOriginal, film: Film, output: WantedOutput) -> Step:
    recipe = output.recipe
    if isinstance(recipe, FilmRecipe):
        return _plan_film(original, film, output, recipe)
    if isinstance(recipe, MotionRecipe):
        return Step([output], 1, partial(write_motion, original, film, output, recipe))
    if isinstance(recipe, StoryboardRecipe):
        return Step([output], 2, partial(write_storyboard, original, film, output, recipe))
    return plan_sound(original, film, output)


def _plan_film(
    original: OpenOriginal, film: Film, output: WantedOutput, recipe: FilmRecipe
) -> Step:
    def make(report: Report) -> tuple[RenderedFile, ...]:
        return (write_film(original, film, output, recipe, report),)

    copies = film.picture is not None and may_copy_picture(film, film.picture, recipe)
    return Step([output], _COPYING if copies else _ENCODING, make)
