from datetime import timedelta

from models import HistoryPerson
from services.chain.checking import verify_history
from services.chain.sealing import find_anchor, seal_waiting
from services.changes import revoke_share
from services.clock import read_clock
from services.purging import begin_purges, carry_out_purges
from tests.publishing import publish


def test_after_a_purge_the_chain_is_proven_as_before(installation, keys, set_clock):
    share_id = publish(installation)
    revoke_share(installation, str(share_id), asked_by="test")
    seal_waiting(installation)
    anchor = find_anchor(installation)
    with installation.transaction() as session:
        before = session.query(HistoryPerson).count()
        set_clock(read_clock(session) + timedelta(days=40))

    begin_purges(installation)
    carry_out_purges(installation)
    seal_waiting(installation)

    with installation.transaction() as session:
        assert session.query(HistoryPerson).count() < before
    verdict = verify_history(installation, keys, anchor)
    assert verdict.is_proven() and verdict.is_anchored and verdict.seals > anchor.seal
