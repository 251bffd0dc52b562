import pytest

from services.changes import ShareChange, change_share, withdraw_asset
from services.errors import ShareNotFound
from services.share_history import read_share_history
from tests.shares import keep_share


@pytest.fixture
def share(installation):
    """A share to which three things happened."""
    share = keep_share(installation, "a.jpg", "b.jpg", request_key="spring")
    for change in ({"downloads": "off"}, {"expires_on": "14 days"}):
        change_share(installation, "spring", ShareChange(**change), asked_by="test")
    withdraw_asset(installation, "spring", "b.jpg", asked_by="test")
    keep_share(installation, request_key="another")
    change_share(installation, "another", ShareChange(downloads="off"), asked_by="test")
    return share


def test_a_history_tells_what_happened_to_one_share_the_newest_first(installation, share):
    found = read_share_history(installation, "spring")

    assert found.share_id == share.id
    assert [(one.kind, one.asset_id) for one in found.rows] == [
        ("asset:withdrawn", "b.jpg"),
        ("share:changed", ""),
        ("share:changed", ""),
    ]
    assert found.rows[1].payload == {"door": "test", "changed": ["expiry"], "expiry": "reduced"}
    assert found.after == 0


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_pages_of_a_history_hold_every_event_once(installation, share, limit):
    seen, after = [], 0
    while True:
        found = read_share_history(installation, str(share.id), after=after, limit=limit)
        seen += [one.id for one in found.rows]
        after = found.after
        if not after:
            break

    assert seen == [one.id for one in read_share_history(installation, "spring").rows]


def test_a_history_of_no_share_is_refused(installation):
    with pytest.raises(ShareNotFound):
        read_share_history(installation, "winter")
