"""A download that is under way ends when the owner closes what it takes."""

import asyncio

import pytest
from sqlalchemy import update

from models import HistoryEvent, Share, SharedAsset
from services.changes import ShareChange, change_share, revoke_share, withdraw_asset
from services.passwords import keep_password
from tests.browsing import create_deaf_app
from tests.publishing import link_of, publish

FILM_BYTES = 40_000_000
BLOCKS_BEFORE = 3


@pytest.fixture
def share_id(installation, library):
    with (library / "Campaign" / "film.mov").open("wb") as film:
        film.truncate(FILM_BYTES)
    return publish(installation)


def revoke(installation, share_id):
    revoke_share(installation, str(share_id), asked_by="test")


def switch_off(installation, share_id):
    change_share(installation, str(share_id), ShareChange(downloads="off"), asked_by="test")


def protect(installation, share_id):
    password_id, _ = keep_password(installation, "larch meadow")
    wanted = ShareChange(password=str(password_id))
    change_share(installation, str(share_id), wanted, asked_by="test")


def withdraw(installation, share_id):
    withdraw_asset(installation, str(share_id), "Campaign/film.mov", asked_by="test")


def end_now(installation, share_id):
    with installation.transaction() as session:
        session.execute(update(Share).values(expires_at="2020-01-01T00:00Z"))


@pytest.mark.parametrize("close", [revoke, switch_off, protect, withdraw, end_now])
@pytest.mark.parametrize("address", ["film", "bundle/original"])
def test_a_running_download_breaks_off_when_it_is_closed(installation, share_id, close, address):
    if address == "film":
        address = f"d/{position_of_film(installation)}/original"
    path = link_of(installation, share_id) + address

    sent = take_slowly(installation, path, lambda: close(installation, share_id))

    assert 0 < sent < FILM_BYTES
    assert end_of_download(installation) == {"kind": "download:aborted", "why": "closed"}


def test_a_download_that_nobody_closes_arrives_whole(installation, share_id):
    path = f"{link_of(installation, share_id)}d/{position_of_film(installation)}/original"

    assert take_slowly(installation, path, lambda: None) == FILM_BYTES


def position_of_film(installation):
    with installation.transaction() as session:
        film = session.query(SharedAsset).where(SharedAsset.asset_id == "Campaign/film.mov").one()
    return film.position


def take_slowly(installation, path, close):
    """Take a download over a slow line, close it after three blocks, and count what came."""
    app = create_deaf_app(installation)
    received = []

    async def receive():
        await asyncio.sleep(3600)

    async def send(message):
        if message["type"] == "http.response.body":
            received.append(len(message["body"]))
            await asyncio.sleep(0.02)
        if len(received) == BLOCKS_BEFORE:
            await asyncio.to_thread(close)

    async def take():
        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [],
            "client": ("203.0.113.9", 1),
        }
        try:
            await app(scope, receive, send)
        except Exception:  # noqa: BLE001 - the server breaks the connection on any
            return

    asyncio.run(take())
    return sum(received)


def end_of_download(installation):
    with installation.transaction() as session:
        event = session.query(HistoryEvent).order_by(HistoryEvent.id.desc()).first()
    return {"kind": event.kind.value, "why": event.payload["why"]}
