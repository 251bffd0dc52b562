import asyncio
import sqlite3
import time
from datetime import timedelta

import httpx
import pytest
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL
from sqlalchemy import select, text

from flows.change_share import change_share
from flows.check_store import check_store
from flows.collect_garbage import collect_garbage
from flows.expire_shares import expire_shares
from flows.publish_share import publish_share
from flows.purge_shares import purge_shares
from flows.reconcile_shares import reconcile_shares
from flows.revoke_share import revoke_share
from flows.send_letters import send_letters
from flows.withdraw_asset import withdraw_asset
from models import HistoryEvent, Rendition
from models.kinds import EventKind, ShareState
from services.changes import ShareChange
from services.clock import read_clock
from services.purging import list_runs
from tasks import prefect_runs
from tests.publishing import a_request, link_of, publish, share_of
from tests.services.test_finishing import die
from tests.services.test_letters import invite

pytestmark = pytest.mark.filterwarnings("ignore")

RECIPIENT = "maria@paper.example"
TITLE, MESSAGE = "Unveiling in Helsinki", "Dear Maria, look at this."
ASSET = "Campaign/ridge 2.jpg"
_MOST_SECONDS = 60


@pytest.fixture
def kept_before(flow_installation):
    """What Prefect keeps already of other tests: they share its server, and some an asset's name."""
    return read_prefect()


@pytest.fixture
def lived(flow_installation, kept_before, set_clock):
    """A share that lived through everything by way of Prefect, thirty days after its end; its words."""
    invitation = invite(flow_installation, RECIPIENT)
    request = a_request(title=TITLE, message=MESSAGE, invitation=invitation, folder="Campaign")
    share = publish_share(request.model_copy(update={"request_key": "spring"}))
    asyncio.run(send_letters())
    asyncio.run(change_share(share, ShareChange(downloads="off")))
    asyncio.run(withdraw_asset(share, ASSET))
    tokens = [link_of(flow_installation, share, one).split("/")[-2] for one in ("", RECIPIENT)]
    asyncio.run(revoke_share(share))
    with flow_installation.transaction() as session:
        set_clock(read_clock(session) + timedelta(days=30, seconds=1))
    return share, [*tokens, RECIPIENT, TITLE, MESSAGE, ASSET, "ridge 2"]


def read_prefect():
    """Read every column of every row that Prefect keeps."""
    place = str(PREFECT_API_DATABASE_CONNECTION_URL.value()).partition("///")[2]
    with sqlite3.connect(place.partition("?")[0], timeout=30) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        rows = [connection.execute(f'SELECT * FROM "{name}"').fetchall() for (name,) in names]
    connection.close()
    return repr(rows)


def list_more(words, before):
    """List the words that Prefect keeps more often than before."""
    now = read_prefect()
    return [word for word in words if now.count(word) > before.count(word)]


def read_installation(installation):
    """Read the whole database, the store and the mail folder."""
    with installation.transaction() as session:
        names = session.scalars(
            text(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
                " AND tablename <> 'alembic_version'"
            )
        ).all()
        rows = [session.execute(text(f'SELECT * FROM "{name}"')).all() for name in names]
    home = installation.settings.home
    files = [(str(path), path.read_bytes()) for path in home.rglob("*") if path.is_file()]
    return repr(rows) + repr(files)


def test_after_a_purge_no_word_of_the_share_is_found_anywhere(
    flow_installation, kept_before, lived, caplog
):
    share, words = lived
    here = read_installation(flow_installation)
    kept = list_more(words, kept_before)
    assert all(word in here or word in kept for word in words[2:])

    assert asyncio.run(purge_shares()) == 1
    asyncio.run(collect_garbage())

    here = read_installation(flow_installation)
    assert [word for word in words if word in here or word in caplog.text] == []
    assert share in here
    # Prefect removes the logs of a run that it was told to forget a moment later.
    deadline = time.monotonic() + _MOST_SECONDS
    while (found := list_more(words, kept_before)) and time.monotonic() < deadline:
        time.sleep(0.5)
    assert found == []


def test_a_prefect_that_does_not_answer_loses_no_run(flow_installation, lived, monkeypatch):
    share, _ = lived

    async def fail(*_):
        raise httpx.ConnectError("away")

    with monkeypatch.context() as away:
        away.setattr(prefect_runs, "_forget", fail)
        assert asyncio.run(purge_shares()) == 0
    assert share_of(flow_installation, share).state is ShareState.PURGING
    assert len(list_runs(flow_installation, 100)) == 4

    assert asyncio.run(purge_shares()) == 1


def read_artifacts():
    async def read():
        async with get_client() as client:
            answer = await client._client.post("/artifacts/filter", json={})
            return answer.text

    return asyncio.run(read())


def test_what_the_schedules_do_stands_in_a_table_with_ids_and_counts_only(
    flow_installation, set_clock
):
    share = publish(flow_installation, a_request(title=TITLE, expires_on="2030-05-01"))
    set_clock(share_of(flow_installation, share).expires_at)

    assert asyncio.run(expire_shares()) == 1
    assert asyncio.run(expire_shares()) == 0

    artifacts = read_artifacts()
    assert str(share) in artifacts and "expired" in artifacts
    assert TITLE not in artifacts


def test_a_dead_publication_is_finished_by_the_schedule(flow_installation):
    share = die(flow_installation, title=TITLE)

    assert asyncio.run(reconcile_shares()) == 1

    assert share_of(flow_installation, share).state is ShareState.OPEN


def test_the_store_is_checked_and_mended_by_one_flow(flow_installation):
    publish(flow_installation)
    with flow_installation.transaction() as session:
        row = session.scalars(select(Rendition)).first()
    flow_installation.store.delete([row.store_key])

    assert asyncio.run(check_store(read_digests=True)) == 0

    with flow_installation.transaction() as session:
        kinds = session.scalars(select(HistoryEvent.kind)).all()
    assert EventKind.STORE_MENDED in kinds
