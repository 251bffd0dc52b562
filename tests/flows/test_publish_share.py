import asyncio

import pytest
from prefect.blocks.system import Secret
from prefect.client.orchestration import get_client
from sqlalchemy import select

from flows.publish_share import publish_share
from flows.send_letters import send_letters
from models import HistoryEvent, Share
from models.kinds import EventKind, ShareState
from services.errors import UnknownOwner, UnknownPassword
from services.passwords import is_right
from tests.photographs import write_cut_photograph
from tests.publishing import a_request, link_of
from tests.services.test_letters import invite

pytestmark = pytest.mark.filterwarnings("ignore")


def test_the_flow_opens_a_share_and_its_letters_go_out(flow_installation):
    invitation = invite(flow_installation, "maria@paper.example")

    share_id = publish_share(a_request(invitation=invitation))

    assert asyncio.run(send_letters()) == 1
    with flow_installation.transaction() as session:
        assert session.scalars(select(Share.state)).one() is ShareState.OPEN
        assert str(session.scalars(select(Share.id)).one()) == share_id


def test_a_refused_request_fails_the_run_with_the_reason(flow_installation):
    with pytest.raises(UnknownOwner, match="nobody"):
        publish_share(a_request(owner="nobody"))

    with flow_installation.transaction() as session:
        assert session.scalars(select(HistoryEvent.kind)).all() == [EventKind.REQUEST_REFUSED]


def test_a_failed_run_says_so_in_the_history_and_lets_go_of_the_share(flow_installation, library):
    write_cut_photograph(library / "Campaign" / "cut.jpg")
    request = a_request(on_failed_rendition="stay_closed", request_key="spring")

    with pytest.raises(Exception, match="renditions failed"):
        publish_share(request)

    with flow_installation.transaction() as session:
        share = session.scalars(select(Share)).one()
        kinds = session.scalars(select(HistoryEvent.kind)).all()
    assert (share.state, share.lease_holder) == (ShareState.PUBLISHING, None)
    assert EventKind.PUBLICATION_FAILED in kinds


def test_nothing_that_prefect_keeps_holds_a_link_or_an_address(flow_installation):
    invitation = invite(flow_installation, "maria@paper.example")
    share_id = publish_share(a_request(invitation=invitation))
    secrets = [
        link_of(flow_installation, share_id, who).split("/")[-2]
        for who in ("", "maria@paper.example")
    ]

    async def read_all():
        async with get_client() as client:
            found = [
                await client._client.post(f"/{what}/filter", json={})
                for what in ("flow_runs", "task_runs", "artifacts", "logs")
            ]
            return "".join(answer.text for answer in found)

    kept = asyncio.run(read_all())

    assert share_id in kept
    assert not any(secret in kept for secret in [*secrets, "paper.example"])


def test_a_password_comes_out_of_a_secret_block_which_is_deleted(flow_installation):
    Secret(value="larch meadow").save("press-password")
    request = a_request(password_block="press-password", request_key="blocked")

    share_id = publish_share(request)
    again = publish_share(request)

    assert again == share_id
    with flow_installation.transaction() as session:
        hashed = session.scalars(select(Share.password_hash)).one()
    assert is_right(flow_installation.seals, hashed, "larch meadow")
    with pytest.raises(ValueError, match="press-password"):
        Secret.load("press-password")


def test_a_password_that_is_nowhere_opens_nothing(flow_installation):
    with pytest.raises(UnknownPassword, match="no Secret block 'nowhere'"):
        publish_share(a_request(password_block="nowhere"))

    with flow_installation.transaction() as session:
        assert session.scalars(select(Share.id)).all() == []
