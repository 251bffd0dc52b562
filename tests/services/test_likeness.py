import pytest
from pydantic import ValidationError
from sqlalchemy import select

from models import HistoryEvent, SharedAsset
from models.kinds import EventKind, ShareState
from services.changes import ShareChange, change_share, refuse_addition, withdraw_asset
from services.errors import (
    AdditionRefused,
    ExpiryInvalid,
    NotAllowedToShare,
    ShareNotFound,
    UnknownShare,
)
from services.freezing import claim_share
from services.passwords import keep_password
from services.requests import ShareRequest
from services.terms import keep_terms
from tests.publishing import share_of
from tests.shares import keep_share

PICKED = ["Campaign/ridge 1.jpg", "Press kit/bowl 4.jpg"]


def ask(installation, run, **values):
    request = ShareRequest(**{"owner": "owner", "title": "Spring", **values})
    return claim_share(installation, request, run=run).share_id


def assets_of(installation, share_id):
    with installation.transaction() as session:
        found = select(SharedAsset.asset_id).where(SharedAsset.share_id == share_id)
        return session.scalars(found.order_by(SharedAsset.position)).all()


def test_a_share_like_another_asks_for_the_same(installation):
    password, _ = keep_password(installation, "larch meadow")
    terms = keep_terms(installation, {"en": "Print with credit only."})
    wanted = {
        "asset_ids": PICKED,
        "message": "See you.",
        "expires_on": "14 days",
        "zone": "Europe/Rome",
        "is_downloadable": False,
        "visibility": "complete",
        "formats": ["web", "original"],
        "originals": "without_metadata",
        "file_names": "title",
        "folders": "flat",
        "password": str(password),
        "terms": terms,
        "on_failed_rendition": "stay_closed",
    }
    first = share_of(installation, ask(installation, "first", **wanted))

    second = share_of(installation, ask(installation, "second", title="Again", like="first"))

    assert second.title == "Again"
    assert second.id != first.id
    assert assets_of(installation, second.id) == PICKED
    same = (
        "message expires_text zone is_downloadable visibility formats strips_originals file_names"
        " keeps_folders password_hash terms_version stays_closed_on_failure folder context"
    )
    for name in same.split():
        assert getattr(second, name) == getattr(first, name), name
    assert second.expires_at > first.expires_at


def test_what_the_new_request_says_counts(installation):
    first = ask(installation, "first", asset_ids=PICKED, message="See you.", formats=["web"])

    second = ask(
        installation,
        "second",
        like=str(first),
        folder="Press kit",
        message="Something else.",
        formats=["original"],
        expires_on="3 months",
    )

    share = share_of(installation, second)
    assert (share.folder, share.message, share.formats) == (
        "Press kit",
        "Something else.",
        ["original"],
    )
    assert share.expires_text == "3 months"
    assert "Campaign/ridge 1.jpg" not in assets_of(installation, second)


def test_a_password_is_taken_along_unless_none_is_wanted(installation):
    password, _ = keep_password(installation, "larch meadow")
    ask(installation, "first", asset_ids=PICKED, password=str(password))

    taken = share_of(installation, ask(installation, "second", like="first"))
    without = share_of(installation, ask(installation, "third", like="first", password="none"))

    assert taken.password_hash
    assert without.password_hash == ""


@pytest.mark.parametrize("selection", [{"asset_ids": PICKED}, {"folder": "Press kit"}])
def test_what_was_withdrawn_from_the_first_stays_out_of_the_second(installation, selection):
    ask(installation, "first", **selection)
    withdraw_asset(installation, "first", "Press kit/bowl 4.jpg", asked_by="test")

    second = ask(installation, "second", like="first")

    assert "Press kit/bowl 4.jpg" not in assets_of(installation, second)
    assert assets_of(installation, second)


def test_the_rights_of_today_decide(installation, library):
    ask(installation, "first", asset_ids=PICKED)
    (library / "library.yaml").write_text("users: {owner: {may_share: ['Press kit']}}")

    with pytest.raises(NotAllowedToShare, match=r"Campaign/ridge 1\.jpg"):
        ask(installation, "second", like="first")


def test_the_same_request_again_is_the_same_share_whatever_became_of_the_first(installation):
    ask(installation, "first", asset_ids=PICKED)
    second = ask(installation, "second", like="first", request_key="again")
    withdraw_asset(installation, "first", "Press kit/bowl 4.jpg", asked_by="test")

    assert ask(installation, "third", like="first", request_key="again") == second


def test_the_history_names_the_share_that_it_is_like(installation):
    first = ask(installation, "first", asset_ids=PICKED)
    second = ask(installation, "second", like="first")

    with installation.transaction() as session:
        asked = select(HistoryEvent.payload).where(
            HistoryEvent.share_id == second, HistoryEvent.kind == EventKind.SHARE_REQUESTED
        )
        assert session.scalars(asked).one()["like"] == str(first)


def test_only_a_share_of_the_same_owner_that_is_still_there_can_be_taken(installation):
    others = keep_share(installation, request_key="others")
    purged = keep_share(installation, owner="owner", request_key="purged", state=ShareState.PURGED)

    for like, why in [
        ("others", "owner has no share 'others'"),
        (str(others.id), "no share"),
        (str(purged.id), "has been purged"),
        ("nothing", "no share 'nothing'"),
    ]:
        with pytest.raises(UnknownShare, match=why):
            ask(installation, "run", like=like)


def test_a_deadline_that_has_passed_must_be_given_anew(installation, set_clock):
    ask(installation, "first", asset_ids=PICKED)
    change_share(installation, "first", ShareChange(expires_on="now"), asked_by="test")

    with pytest.raises(ExpiryInvalid, match="say in expires_on"):
        ask(installation, "second", like="first")
    assert ask(installation, "third", like="first", expires_on="14 days")


@pytest.mark.parametrize("name", ["asset_ids", "asset_id", "assets", "folder", "add"])
def test_whoever_wants_to_add_something_is_told_to_make_a_new_share(name):
    with pytest.raises(ValidationError, match="nothing can be added to a share: publish a new one"):
        ShareChange(**{name: ["a.jpg"]})


def test_an_addition_is_refused_by_name_and_only_for_a_share_that_there_is(installation):
    share = keep_share(installation)

    with pytest.raises(AdditionRefused, match=f"share {share.id} is as it was published"):
        refuse_addition(installation, str(share.id))
    with pytest.raises(ShareNotFound):
        refuse_addition(installation, "nothing")
