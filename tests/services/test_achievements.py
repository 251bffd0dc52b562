from datetime import UTC, datetime, timedelta

import pytest

from models import Share, SharedAsset
from models.base import new_id
from models.kinds import EventKind, ShareState
from services.achievements import AchievementQuery, read_achievements
from services.errors import RequestRefused
from services.history import event_key, record
from services.scrubbing import scrub
from tests.shares import keep_share

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HUMAN, SCANNER = {"class": "human"}, {"class": "scanner"}


class Story:
    """Lets things happen to shares at the times that a test names."""

    def __init__(self, installation, set_clock):
        self.installation, self.set_clock = installation, set_clock

    def tell(self, share, kind, at=NOW, **values):
        self.set_clock(at)
        with self.installation.transaction() as session:
            record(session, kind, key=event_key(new_id()), share_id=share.id, **values)

    def publish(self, share, at=NOW, links=2):
        self.tell(share, EventKind.SHARE_PUBLISHED, at)
        for _ in range(links):
            grant = new_id()
            invitation = {"template": "invitation"}
            self.tell(share, EventKind.LETTER_QUEUED, at, grant_id=grant, payload=invitation)
            self.tell(share, EventKind.LETTER_SENT, at, grant_id=grant, payload=invitation)

    def look(self, share, visitor, at=NOW, who=HUMAN):
        self.tell(share, EventKind.PAGE_VIEWED, at, payload={"visitor": visitor, **who})

    def take(self, share, what, at=NOW, who=HUMAN, size=100, sent=None):
        download = {"download": str(new_id()), "what": what, "bytes": size}
        position = int(what.partition("/")[0]) if what[0].isdigit() else None
        started = {**download, "visitor": "v", **who}
        self.tell(share, EventKind.DOWNLOAD_STARTED, at, position=position, payload=started)
        kind = EventKind.DOWNLOAD_FINISHED if sent is None else EventKind.DOWNLOAD_ABORTED
        ended = {**download, "bytes": size if sent is None else sent}
        self.tell(share, kind, at, position=position, payload=ended)


@pytest.fixture
def story(installation, set_clock):
    return Story(installation, set_clock)


def figures(installation, **values):
    query = AchievementQuery(**values)
    return {one.key: one for one in read_achievements(installation, query)}


def test_a_share_is_counted_by_people_and_not_by_machines(installation, story):
    share = keep_share(installation)
    story.publish(share)
    later = NOW + timedelta(minutes=90)
    story.look(share, "maria")
    story.look(share, "maria", at=later)
    story.look(share, "jide")
    story.look(share, "a mail filter", who=SCANNER)
    story.take(share, "1/web", at=later)
    story.take(share, "1/web", at=later, size=100, sent=40)
    story.take(share, "bundle/0/original", who=SCANNER, at=NOW)
    story.set_clock(later + timedelta(days=1))

    one = figures(installation)[str(share.id)]

    assert (one.shares, one.invited, one.letters_sent) == (1, 2, 2)
    assert (one.views, one.visitors, one.machine_views) == (3, 2, 1)
    assert (one.downloads, one.finished, one.size_bytes) == (2, 1, 140)
    assert one.first_download_s == 90 * 60


def test_figures_are_told_by_owner_context_and_month(installation, story):
    anna = keep_share(installation, context="press")
    ben = keep_share(installation, owner="ben", context="press")
    october = NOW - timedelta(days=30)
    story.publish(anna, at=october)
    story.publish(ben)
    story.take(anna, "1/web", at=october)
    story.take(anna, "1/web")
    story.take(ben, "1/web")
    story.set_clock(NOW + timedelta(days=1))

    def downloads(**values):
        return {key: one.downloads for key, one in figures(installation, **values).items()}

    assert downloads(by="owner") == {"anna": 2, "ben": 1}
    assert downloads(by="context") == {"press": 3}
    assert downloads(by="month") == {"2026-10": 1, "2026-11": 2}
    assert downloads(by="month", owner="anna") == {"2026-10": 1, "2026-11": 1}
    assert downloads(by="owner", since="2026-11-01") == {"anna": 1, "ben": 1}
    assert downloads(by="owner", until="2026-10-31") == {"anna": 1}
    assert downloads(share=str(ben.id)) == {str(ben.id): 1}


def test_figures_name_the_assets_and_formats_that_were_taken(installation, story):
    share = keep_share(installation, "a.jpg", "b.jpg")
    for what in ("1/web", "2/web", "2/original", "bundle/0/original", "selection/3f/web"):
        story.take(share, what)
    story.set_clock(NOW + timedelta(days=1))

    by_asset = {key: one.downloads for key, one in figures(installation, by="asset").items()}
    by_format = {key: one.downloads for key, one in figures(installation, by="format").items()}

    assert by_asset == {"a.jpg": 1, "b.jpg": 2, "zip": 2}
    assert by_format == {"web": 3, "original": 2}


def test_figures_stay_when_a_share_is_purged(installation, story):
    share = keep_share(installation, "a.jpg", context="press")
    story.tell(share, EventKind.SHARE_REQUESTED, payload={"context": "press"})
    story.publish(share)
    story.take(share, "1/web")
    story.set_clock(NOW + timedelta(days=1))
    before = figures(installation)

    with installation.transaction() as session:
        session.query(SharedAsset).delete()
        row = session.get_one(Share, share.id)
        scrub(row)
        row.state = ShareState.PURGED

    assert figures(installation) == before
    assert list(figures(installation, by="asset")) == [f"{share.id}#1"]
    assert list(figures(installation, by="context")) == ["press"]
    assert list(figures(installation, context="press")) == [str(share.id)]
    assert list(figures(installation, by="owner", owner="anna")) == ["anna"]


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"since": "2026-02-30"}, "no day of the calendar"),
        ({"since": "2026-02-03", "until": "2026-02-01"}, "after until"),
    ],
)
def test_days_that_cannot_be_meant_are_refused(installation, values, why):
    with pytest.raises(RequestRefused, match=why):
        figures(installation, **values)
