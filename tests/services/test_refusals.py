import pytest
from pydantic import ValidationError
from sqlalchemy import select

from models import HistoryEvent, Share, SharedAsset
from services.errors import (
    ExpiryInvalid,
    LibraryInvalid,
    NotAllowedToShare,
    RequestRefused,
    SelectionInvalid,
    UnknownAsset,
    UnknownContext,
    UnknownFolder,
    UnknownFormat,
    UnknownOwner,
    UnknownRecipients,
    UnusableOriginal,
)
from services.freezing import claim_share
from tests.photographs import write_photograph
from tests.publishing import a_request, publish, share_of

PICK = {"folder": ""}
REFUSALS = [
    ({"owner": "nobody"}, UnknownOwner, "'nobody' is no user.*owner"),
    (
        PICK | {"asset_ids": ["no.jpg", "Campaign/ridge 1.jpg", "nor.jpg"]},
        UnknownAsset,
        "no.jpg, nor.jpg",
    ),
    ({"folder": "Campain"}, UnknownFolder, "did you mean 'Campaign'"),
    ({"asset_ids": ["Campaign/ridge 1.jpg"]}, SelectionInvalid, "both"),
    (PICK, SelectionInvalid, "neither"),
    ({"expires_on": "2020-01-01"}, ExpiryInvalid, "passed"),
    ({"expires_on": "2027-03-28T02:30", "zone": "Europe/Rome"}, ExpiryInvalid, "skip"),
    ({"zone": "Mars/Base", "expires_on": "2030-01-01"}, ExpiryInvalid, "time zone"),
    ({"contact_lists": ["press"]}, UnknownRecipients, "no contact list 'press'"),
    ({"context": "fair"}, UnknownContext, r"no context 'fair' in the DAM \(there are: none\)"),
    ({"invitation": "01234567-89ab-cdef-0123-456789abcdef"}, UnknownRecipients, "no invitation"),
]


@pytest.mark.parametrize(("changes", "error", "why"), REFUSALS)
def test_a_request_that_cannot_be_carried_out_is_refused_before_anything_is_made(
    installation, changes, error, why
):
    with pytest.raises(error, match=why):
        claim_share(installation, a_request(**changes), run="run")

    with installation.transaction() as session:
        assert session.scalars(select(Share)).all() == []
        assert session.scalars(select(HistoryEvent.kind)).one() == "request:refused"


def test_a_share_is_for_one_of_the_contexts_that_the_dam_defines(installation, library):
    description = "users: {owner: {may_share: ['/']}}\ncontexts: {press: Press, retail: Shops}"
    (library / "library.yaml").write_text(description)

    share_id = publish(installation, a_request(context="retail"))

    assert share_of(installation, share_id).context == "retail"
    with installation.transaction() as session:
        asked = select(HistoryEvent.payload).where(HistoryEvent.kind == "share:requested")
        assert session.scalars(asked).one()["context"] == "retail"
    with pytest.raises(UnknownContext, match=r"'fair'.*there are: press, retail"):
        claim_share(installation, a_request(context="fair"), run="run")


def test_101_assets_are_refused_by_the_form():
    with pytest.raises(ValidationError, match="at most 100"):
        a_request(folder="", asset_ids=[f"{n}.jpg" for n in range(101)])


def test_an_unknown_format_is_refused_with_those_that_there_are(installation):
    with pytest.raises(UnknownFormat, match=r"poster \(there are: original, web, large, film"):
        claim_share(installation, a_request(formats=["web", "poster"]), run="run")


@pytest.mark.parametrize("field", ["passwort", "token"])
def test_an_unknown_field_is_refused_by_the_form(field):
    with pytest.raises(ValidationError, match="Extra inputs"):
        a_request(**{field: "x"})


def test_an_asset_picked_twice_is_shared_once(installation):
    request = a_request(folder="", asset_ids=["Campaign/ridge 1.jpg", "Campaign/ridge 1.jpg"])

    publish(installation, request)

    with installation.transaction() as session:
        assert len(session.scalars(select(SharedAsset)).all()) == 1


def test_assets_that_the_owner_may_not_share_are_all_named(installation, library):
    (library / "library.yaml").write_text("users: {ben: {may_share: ['Press kit']}}")
    ids = ["Campaign/ridge 1.jpg", "Press kit/bowl 4.jpg", "Campaign/ridge 2.jpg"]

    with pytest.raises(NotAllowedToShare, match=r"Campaign/ridge 1\.jpg, Campaign/ridge 2\.jpg"):
        claim_share(installation, a_request(owner="ben", folder="", asset_ids=ids), run="run")


def test_a_bad_file_among_picked_assets_refuses_the_request(installation, library):
    (library / "Campaign" / "empty.jpg").touch()
    ids = ["Campaign/ridge 1.jpg", "Campaign/empty.jpg"]

    with pytest.raises(UnusableOriginal, match=r"empty\.jpg: it is empty"):
        claim_share(installation, a_request(folder="", asset_ids=ids), run="run")


def test_a_folder_with_10_001_assets_is_refused(installation, library):
    many = library / "Many"
    many.mkdir()
    for number in range(10_001):
        (many / f"{number}.txt").write_text(str(number))

    with pytest.raises(SelectionInvalid, match="10,001 assets, 10,000 is the most"):
        claim_share(installation, a_request(folder="Many"), run="run")


def test_an_empty_folder_is_refused(installation, library):
    (library / "Press kit" / "Empty").mkdir()
    (library / "Press kit" / "Empty" / "nothing.jpg").touch()

    with pytest.raises(SelectionInvalid, match="no asset"):
        claim_share(installation, a_request(folder="Press kit/Empty"), run="run")


def test_a_library_with_mistakes_names_all_of_them(installation, library):
    (library / "library.yaml").write_text(
        "users: {ben: {may_share: ['Nowhere']}}\nassets: {gone.jpg: {title: Gone}}\n"
    )

    with pytest.raises(LibraryInvalid, match=r"gone\.jpg.*Nowhere"):
        claim_share(installation, a_request(owner="ben"), run="run")


def test_every_refusal_says_what_to_do(installation):
    for changes, _, _ in REFUSALS:
        with pytest.raises(RequestRefused) as caught:
            claim_share(installation, a_request(**changes), run="run")
        assert len(str(caught.value)) > 30


def test_a_picked_folder_counts_its_sub_folders(installation, library):
    write_photograph(library / "Campaign" / "Deep" / "er" / "x.jpg", seed=50)

    claim = claim_share(installation, a_request(folder="Campaign"), run="run")

    with installation.transaction() as session:
        titles = session.scalars(
            select(SharedAsset.title).where(SharedAsset.share_id == claim.share_id)
        ).all()
    assert sorted(titles) == ["ridge 1", "ridge 2", "ridge 3", "x"]
