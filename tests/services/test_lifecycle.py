import itertools
from datetime import timedelta
from pathlib import Path

import pytest

from models import Share
from models.base import new_id
from models.kinds import ShareState
from services.changes import ShareChange, change_share, revoke_share
from services.clock import read_clock
from services.errors import ChangeRefused, ShareOver
from services.freezing import claim_share
from services.history import event_key, list_kinds
from services.lifecycle import TRANSITIONS, draw_life, move
from tests.publishing import a_request, publish, share_of

ALLOWED = {(one.source, one.target): one.event for one in TRANSITIONS}


def add_share(installation, state):
    """A row and nothing else."""
    values = {"formats": [], "contact_lists": [], "request_digest": b"", "title": "Spring"}
    with installation.transaction() as session:
        share = Share(id=new_id(), owner="owner", request_key=f"{new_id()}", state=state, **values)
        session.add(share)
    return share.id


def step(installation, share_id, target):
    with installation.transaction() as session:
        share = session.get_one(Share, share_id, with_for_update=True)
        move(session, share, target, key=event_key(share_id, "step"))


def test_a_step_of_the_table_is_made_with_its_event_and_every_other_is_refused(installation):
    for source, target in itertools.product(ShareState, ShareState):
        share_id = add_share(installation, source)
        event = ALLOWED.get((source, target))
        if event is None:
            with pytest.raises(
                ChangeRefused, match=rf"{share_id} is {source.value} and cannot become .*: \w+"
            ):
                step(installation, share_id, target)
        else:
            step(installation, share_id, target)
        with installation.transaction() as session:
            kinds = list_kinds(session, share_id)
        assert share_of(installation, share_id).state is (target if event else source)
        assert kinds == ([event.value] if event else [])


def test_the_diagram_in_the_docs_is_the_table():
    page = Path(__file__).parents[2] / "docs" / "architecture.md"

    assert f"```mermaid\n{draw_life()}\n```" in page.read_text()


def test_an_expired_share_opens_again_with_a_later_deadline_and_the_history_says_so(
    installation, set_clock
):
    share_id = publish(installation, a_request(expires_on="2030-05-01"))
    expires_at = share_of(installation, share_id).expires_at
    set_clock(expires_at + timedelta(days=3))

    # Nothing had marked it; the gate was closed all the same.
    change_share(installation, str(share_id), ShareChange(expires_on="2030-06-01"), asked_by="test")

    share = share_of(installation, share_id)
    assert (share.state, share.closed_at) == (ShareState.OPEN, None)
    with installation.transaction() as session:
        kinds = list_kinds(session, share_id)
        assert share.is_open(read_clock(session))
    assert kinds[-3:] == ["share:expired", "share:changed", "share:reopened"]


def test_a_change_that_is_no_deadline_leaves_an_expired_share_closed(installation, set_clock):
    share_id = publish(installation, a_request(expires_on="2030-05-01"))
    set_clock(share_of(installation, share_id).expires_at)

    change_share(installation, str(share_id), ShareChange(downloads="off"), asked_by="test")

    assert share_of(installation, share_id).state is ShareState.EXPIRED


def test_from_purging_on_a_later_deadline_is_refused_with_the_remedy(installation):
    share_id = add_share(installation, ShareState.PURGING)

    with pytest.raises(ChangeRefused, match="is purging: publish a new one"):
        change_share(installation, str(share_id), ShareChange(expires_on="never"), asked_by="test")


def test_the_request_of_a_revoked_share_is_refused_and_told_what_to_do(installation):
    request = a_request(request_key="spring")
    share_id = publish(installation, request)
    revoke_share(installation, str(share_id), asked_by="test")

    with pytest.raises(ShareOver, match="is revoked: its request key is used up"):
        claim_share(installation, request, run="run")
