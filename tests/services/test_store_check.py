import pytest
from sqlalchemy import delete, select

from models import Bundle, HistoryEvent, Rendition, RenditionRef, Share
from models.kinds import Actor, EventKind
from services.errors import OriginalAway
from services.format_making import make_format
from services.format_requests import Asker, request_format
from services.format_wishes import CustomFormat
from services.mending import mend
from services.store_check import look
from tests.publishing import a_request, publish, share_of

SMALL = CustomFormat(width=50, height=50, encoder="webp").to_format()


@pytest.fixture
def share_id(installation):
    """A share that is out, with downloads that are wrapped."""
    return publish(installation, a_request(visibility="complete"))


def files_of(installation):
    return sorted(installation.store.list_keys("renditions/"))


def path_of(installation, key):
    return installation.store.folder / key


def test_a_store_that_is_whole_has_nothing_to_mend_and_nothing_is_on_record(installation, share_id):
    report = look(installation, reads_digests=True)

    assert report.is_sound() and report.unnamed == 0
    assert report.checked == len(files_of(installation)) == 16
    assert mend(installation, report) is report
    with installation.transaction() as session:
        kinds = session.scalars(select(HistoryEvent.kind)).all()
    assert EventKind.STORE_MENDED not in kinds


def test_a_rendition_that_is_gone_is_found_and_made_again(installation, share_id):
    before = {key: installation.store.get(key) for key in files_of(installation)}
    lost = next(iter(before))
    path_of(installation, lost).unlink()

    report = look(installation)
    assert [lost.split("/")[2].split(".")[0]] == report.missing

    assert mend(installation, report).is_sound()
    assert {key: installation.store.get(key) for key in files_of(installation)} == before


def test_one_of_another_size_is_found_by_a_look_and_one_of_another_content_by_reading(
    installation, share_id
):
    short, changed, *_ = files_of(installation)
    path_of(installation, short).write_bytes(b"short")
    content = path_of(installation, changed).read_bytes()
    path_of(installation, changed).write_bytes(b"?" + content[1:])

    assert len(look(installation).wrong) == 1
    report = look(installation, reads_digests=True)
    assert len(report.wrong) == 2

    mend(installation, report)
    assert look(installation, reads_digests=True).is_sound()


def test_pages_and_plans_that_are_gone_are_found_and_made_again(installation, share_id):
    build = share_of(installation, share_id).current_build
    path_of(installation, f"pages/{share_id}/{build}/asset-2.html").unlink()
    with installation.transaction() as session:
        plan = session.scalars(select(Bundle.plan_key)).first()
    path_of(installation, plan).unlink()

    report = look(installation)
    assert (report.pages, report.plans) == ([share_id], [share_id])

    assert mend(installation, report).is_sound()
    assert share_of(installation, share_id).current_build != build


def test_what_only_the_dam_could_bring_back_stays_on_the_list(installation, library, share_id):
    with installation.transaction() as session:
        key = session.scalars(
            select(Rendition).where(Rendition.splices.is_(None)).order_by(Rendition.key)
        ).first()
    for path in library.rglob("*.jpg"):
        path.unlink()
    path_of(installation, key.store_key).unlink()

    after = mend(installation, look(installation))

    with installation.transaction() as session:
        row = session.get(Rendition, key.key)
    assert row is None or not row.is_present()
    assert key.key in after.missing


def test_a_file_that_no_row_names_is_counted_and_left_to_the_collection(installation, share_id):
    installation.store.put(f"renditions/ab/{'ab' * 32}.7", b"x")

    report = look(installation)

    assert (report.unnamed, report.is_sound()) == (1, True)


def test_a_wish_that_waits_for_an_original_is_no_gap_and_one_that_was_carried_out_is(
    installation, library, share_id
):
    with installation.transaction() as session:
        share = session.get_one(Share, share_id)
        wish = request_format(session, share, 0, SMALL, Asker(Actor.OWNER)).id
    away = library.rename(library.with_name("elsewhere"))
    library.mkdir()
    with pytest.raises(OriginalAway):
        make_format(installation, wish)
    assert look(installation).is_sound()

    library.rmdir()
    away.rename(library)
    make_format(installation, wish)
    assert look(installation).is_sound()
    with installation.transaction() as session:
        key = session.scalars(
            select(RenditionRef.key).where(RenditionRef.format == SMALL.name)
        ).first()
        session.execute(delete(Rendition).where(Rendition.key == key))

    assert look(installation).missing == [key]
