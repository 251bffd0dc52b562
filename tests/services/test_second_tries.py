"""What becomes of one output that failed where the others of its original did not."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from models import Rendition
from models.kinds import RenditionState
from services import renditions
from services.freezing import claim_share
from services.rendering.orders import Failure, RenderOutcome
from services.rendering.shared_pool import get_pool
from services.renditions import plan_chunks, render_chunk
from tests.publishing import a_request

PHOTOGRAPH = "Campaign/ridge 1.jpg"


class FailingPool:
    """The pool of the installation; the first output of its first order fails some times."""

    def __init__(self, installation, failure, times):
        self._pool = get_pool(installation.settings)
        self._failure, self._left = failure, times
        self.orders = []

    def render(self, orders, progress):
        self.orders += orders
        for outcome in self._pool.render(orders, progress):
            name = self.orders[0].outputs[0].name
            is_hit = self._left and any(one.name == name for one in outcome.order.outputs)
            self._left -= bool(is_hit)
            yield self._without(outcome, name) if is_hit else outcome

    def _without(self, outcome, name):
        files = tuple(file for file in outcome.files if file.name != name)
        return replace(outcome, files=files, failures={name: self._failure})


@pytest.fixture
def render_failing(installation, monkeypatch):
    """Render one photograph, one output of which fails; tells of the orders, and of that output."""

    def render(failure, times):
        pool = FailingPool(installation, failure, times)
        monkeypatch.setattr(renditions, "get_pool", lambda _: pool)
        request = a_request(folder="", asset_ids=[PHOTOGRAPH])
        for chunk in plan_chunks(installation, claim_share(installation, request, run="alive")):
            render_chunk(installation, chunk)
        with installation.transaction() as session:
            found = {row.key: row for row in session.scalars(select(Rendition))}
        hit = found.pop(pool.orders[0].outputs[0].name)
        assert {row.state for row in found.values()} == {RenditionState.PRESENT}
        return pool.orders, hit

    return render


@pytest.mark.parametrize("code", ["timeout", "crash", "memory", "unreadable"])
def test_one_output_that_failed_by_chance_is_made_by_the_second_try(render_failing, code):
    orders, hit = render_failing(Failure(code, "It may be chance"), times=1)

    assert hit.state is RenditionState.PRESENT
    # The second try makes nothing that the first one made.
    assert [len(order.outputs) for order in orders] == [3, 1]


def test_one_output_that_fails_twice_has_failed_and_says_why(render_failing):
    orders, hit = render_failing(Failure("timeout", "The film takes too long to convert"), times=9)

    assert (hit.state, hit.failure) == (RenditionState.FAILED, "timeout")
    assert hit.failure_text == "The film takes too long to convert"
    assert len(orders) == 2


def test_one_output_of_damaged_content_is_not_tried_again(render_failing):
    orders, hit = render_failing(Failure("damaged", "The film is damaged"), times=9)

    assert (hit.state, hit.failure) == (RenditionState.FAILED, "damaged")
    assert len(orders) == 1


@pytest.mark.parametrize("code", ["timeout", "crash", "memory"])
def test_a_whole_original_that_the_pool_gave_up_is_not_tried_again(installation, monkeypatch, code):
    asked = []

    class BrokenPool:
        def render(self, orders, _):
            asked.extend(orders)
            return [RenderOutcome(one, failure=Failure(code, "Not now")) for one in orders]

    monkeypatch.setattr(renditions, "get_pool", lambda _: BrokenPool())
    request = a_request(folder="", asset_ids=[PHOTOGRAPH])
    (chunk,) = plan_chunks(installation, claim_share(installation, request, run="alive"))
    render_chunk(installation, chunk)

    assert len(asked) == 1
    with installation.transaction() as session:
        assert set(session.scalars(select(Rendition.state))) == {RenditionState.FAILED}
