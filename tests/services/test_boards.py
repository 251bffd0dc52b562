from datetime import timedelta

import pytest

from models import HistoryEvent, SharedAsset
from models.kinds import AssetKind, ShareState
from services.boards import read_board, withdraw_everywhere
from services.changes import withdraw_asset
from services.clock import read_clock
from services.errors import ChangeRefused
from tests.shares import keep_share


def board(installation, asset_id="a.jpg", **values):
    return read_board(installation, asset_id, **values)


def test_a_board_lists_every_share_that_contains_the_asset_by_whomever(installation):
    first = keep_share(installation, "a.jpg", "b.jpg", context="press")
    keep_share(installation, "b.jpg")
    second = keep_share(installation, "b.jpg", "a.jpg", owner="ben")

    rows = board(installation).rows

    assert [(one.share_id, one.owner, one.context) for one in rows] == [
        (second.id, "ben", ""),
        (first.id, "anna", "press"),
    ]
    assert [one.position for one in rows] == [2, 1]
    assert [one.share_id for one in board(installation, owner="ben").rows] == [second.id]
    assert board(installation, "nothing.jpg").rows == []


def test_a_board_says_where_recipients_still_have_the_asset(installation):
    with installation.transaction() as session:
        past = read_clock(session) - timedelta(days=1)
    keep_share(installation, "a.jpg", title="revoked", state=ShareState.REVOKED)
    keep_share(installation, "a.jpg", title="over", expires_at=past)
    withdrawn = keep_share(installation, "a.jpg", "b.jpg", title="withdrawn")
    keep_share(installation, "a.jpg", title="open")
    withdraw_asset(installation, str(withdrawn.id), "a.jpg", asked_by="test")

    rows = {one.title: one for one in board(installation).rows}

    assert {title: one.is_out() for title, one in rows.items()} == {
        "open": False,
        "withdrawn": True,
        "over": True,
        "revoked": True,
    }
    assert rows["withdrawn"].withdrawn_at
    assert rows["over"].state == "expired"


def test_a_board_has_the_playlists_in_which_the_asset_stands(installation):
    alone = keep_share(installation, "a.jpg")
    playlist = keep_share(installation, "HAL-0200", "b.jpg")
    both = keep_share(installation, "HAL-0200", "a.jpg")
    with installation.transaction() as session:
        session.query(SharedAsset).where(SharedAsset.asset_id == "HAL-0200").update(
            {"kind": AssetKind.PLAYLIST, "parts": [{"source_key": "a.jpg", "entry": 1}]}
        )

    rows = board(installation).rows

    assert [(one.share_id, one.within) for one in rows] == [
        (both.id, ""),
        (playlist.id, "HAL-0200"),
        (alone.id, ""),
    ]
    withdraw_asset(installation, str(both.id), "a.jpg", asked_by="test")
    left = board(installation).rows[0]
    assert (left.share_id, left.within, left.is_out()) == (both.id, "HAL-0200", False)


def test_an_asset_that_was_never_shared_itself_is_known_by_the_dam(installation):
    playlist = keep_share(installation, "HAL-0200")
    key = "Campaign/ridge 1.jpg"
    with installation.transaction() as session:
        session.query(SharedAsset).update(
            {"kind": AssetKind.PLAYLIST, "parts": [{"source_key": key, "entry": 1}]}
        )

    assert [one.share_id for one in board(installation, key).rows] == [playlist.id]


def test_a_board_comes_in_pages(installation):
    ids = [keep_share(installation, "a.jpg").id for _ in range(5)]

    first = board(installation, limit=3)
    second = board(installation, limit=3, after=first.after)

    assert [one.share_id for one in (*first.rows, *second.rows)] == ids[::-1]
    assert second.after == ""


def test_an_asset_is_taken_out_of_every_share_that_still_has_it_and_once(installation):
    shares = [keep_share(installation, "a.jpg", "b.jpg") for _ in range(3)]
    keep_share(installation, "a.jpg", state=ShareState.REVOKED)
    others = keep_share(installation, "a.jpg", owner="ben")
    withdraw_asset(installation, str(shares[0].id), "a.jpg", asked_by="test")

    out = withdraw_everywhere(installation, "a.jpg", owner="anna", asked_by="test")
    again = withdraw_everywhere(installation, "a.jpg", asked_by="test")

    assert out == [shares[1].id, shares[2].id]
    assert again == [others.id]
    assert withdraw_everywhere(installation, "a.jpg", asked_by="test") == []
    with installation.transaction() as session:
        events = session.query(HistoryEvent).where(HistoryEvent.kind == "asset:withdrawn")
        assert events.count() == 4


def test_an_asset_that_no_share_has_is_named(installation):
    keep_share(installation, "a.jpg")

    with pytest.raises(ChangeRefused, match=r"no share has an asset 'c\.jpg'"):
        withdraw_everywhere(installation, "c.jpg", asked_by="test")
