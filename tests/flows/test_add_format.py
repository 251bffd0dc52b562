import asyncio

import pytest
from sqlalchemy import select

from flows.add_format import add_format
from flows.make_formats import make_formats
from models import FormatRequest
from models.kinds import Actor, RequestState
from services.errors import FormatImpossible
from services.format_requests import Asker, request_format
from services.format_wishes import CustomFormat, FormatWish
from tests.publishing import publish, share_of

pytestmark = pytest.mark.filterwarnings("ignore")

SMALL = CustomFormat(width=50, height=50, encoder="webp")


def state_of(installation):
    with installation.transaction() as session:
        return session.scalars(select(FormatRequest.state)).one()


def test_an_owner_adds_a_format_to_one_asset_by_its_id(flow_installation):
    share = publish(flow_installation)

    wish = FormatWish(share=str(share), asset_id="Campaign/ridge 2.jpg", custom=SMALL)
    name = asyncio.run(add_format(wish))

    assert name == SMALL.to_format().name
    assert state_of(flow_installation) is RequestState.DONE


def test_what_the_doors_wrote_down_is_made_by_the_same_flow(flow_installation):
    share = publish(flow_installation)
    with flow_installation.transaction() as session:
        request = request_format(
            session, share_of(flow_installation, share), 1, SMALL.to_format(), Asker(Actor.OWNER)
        )

    asyncio.run(add_format(FormatWish(request=str(request.id))))

    assert state_of(flow_installation) is RequestState.DONE


def test_a_format_that_applies_to_nothing_fails_the_run_and_says_why(flow_installation):
    share = publish(flow_installation)

    with pytest.raises(FormatImpossible, match="It is no film"):
        asyncio.run(add_format(FormatWish(share=str(share), format="film")))


def test_the_safety_net_makes_what_waits(flow_installation):
    share = publish(flow_installation)
    with flow_installation.transaction() as session:
        row = share_of(flow_installation, share)
        request_format(session, row, 0, SMALL.to_format(), Asker(Actor.OWNER))

    assert asyncio.run(make_formats()) == 1
    assert state_of(flow_installation) is RequestState.DONE
