from datetime import timedelta

import pytest
from sqlalchemy import select, update

from models import Bundle, HistoryEvent, Share
from models.kinds import EventKind, ShareState
from services.clock import read_clock
from services.failures import note_publication_failure
from services.finishing import finish_publications, give_up_shares, replan_stale
from services.freezing import claim_share
from services.history import list_kinds
from services.renditions import plan_chunks, render_chunk
from tests.photographs import write_cut_photograph
from tests.publishing import a_request, link_of, publish, share_of


def die(installation, **changes):
    """Begin to publish, and fall silent; the lease is over."""
    claim = claim_share(installation, a_request(**changes), run="dead")
    render_chunk(installation, plan_chunks(installation, claim)[0])
    end_lease(installation)
    return claim.share_id


def end_lease(installation):
    with installation.transaction() as session:
        ended = Share.lease_until - timedelta(hours=1)
        session.execute(update(Share).values(lease_until=ended))


def outcomes(findings):
    return [one.outcome for one in findings]


def kinds_of(installation, share_id):
    with installation.transaction() as session:
        return list_kinds(session, share_id)


def test_a_publication_whose_run_died_is_finished_without_its_request(installation):
    share_id = die(installation, request_key="spring")

    (finding,) = finish_publications(installation, run="reconcile")

    assert (finding.share_id, finding.outcome) == (share_id, "finished")
    assert share_of(installation, share_id).state is ShareState.OPEN
    assert link_of(installation, share_id)
    kinds = kinds_of(installation, share_id)
    assert kinds.count("publication:resumed") == kinds.count("share:published") == 1
    assert finish_publications(installation, run="reconcile") == []


def test_a_run_that_lives_is_left_alone(installation):
    claim_share(installation, a_request(), run="alive")

    assert finish_publications(installation, run="reconcile") == []


def test_a_publication_that_ended_by_itself_waits_for_its_owner(installation):
    claim = claim_share(installation, a_request(), run="failed")
    note_publication_failure(installation, run="failed", state="Failed")

    assert finish_publications(installation, run="reconcile") == []
    assert share_of(installation, claim.share_id).state is ShareState.PUBLISHING


def test_one_that_cannot_be_finished_is_told_and_not_tried_for_ever(installation, library):
    write_cut_photograph(library / "Campaign" / "cut.jpg")
    share_id = die(installation, on_failed_rendition="stay_closed")

    found = [outcomes(finish_publications(installation, run="reconcile")) for _ in range(2)]

    assert found == [["failed: RenditionsMissing"], []]
    assert "publication:failed" in kinds_of(installation, share_id)


def test_what_kills_every_run_is_left_after_five(installation):
    share_id = die(installation)
    with installation.transaction() as session:
        session.execute(update(Share).values(fence=5))

    assert outcomes(finish_publications(installation, run="r")) == ["left: 5 runs died of it"]
    assert finish_publications(installation, run="r") == []
    assert share_of(installation, share_id).state is ShareState.PUBLISHING


@pytest.mark.parametrize("has_end", [True, False])
def test_what_nobody_ever_finished_is_given_up_when_its_time_is_over(
    installation, set_clock, has_end
):
    with installation.transaction() as session:
        soon = (read_clock(session) + timedelta(days=9)).date().isoformat()
    claim = claim_share(
        installation, a_request(expires_on=soon if has_end else "never"), run="failed"
    )
    note_publication_failure(installation, run="failed", state="Failed")
    share = share_of(installation, claim.share_id)
    ends_at = share.expires_at or share.created_at + timedelta(days=30)

    set_clock(ends_at - timedelta(seconds=1))
    assert give_up_shares(installation) == []
    set_clock(ends_at)
    assert outcomes(give_up_shares(installation)) == ["given up"]

    share = share_of(installation, claim.share_id)
    assert (share.state, share.closed_at) == (ShareState.REVOKED, ends_at)
    with installation.transaction() as session:
        told = session.scalars(
            select(HistoryEvent.payload).where(HistoryEvent.kind == EventKind.SHARE_REVOKED)
        ).one()
    assert told == {"door": "reconcile"}


def test_a_zip_that_nobody_planned_anew_is_planned(installation):
    publish(installation)
    with installation.transaction() as session:
        session.execute(
            update(Bundle).where(Bundle.format == "web").values(stale_at=Share.created_at)
            .where(Share.id == Bundle.share_id)
        )  # fmt: skip

    assert outcomes(replan_stale(installation)) == ["1 zips and pages made anew"]
    assert replan_stale(installation) == []
