"""Whoever tries out addresses learns nothing, leaves nothing, and is told to stop."""

import secrets

import pytest
from starlette.testclient import TestClient

from models import HistoryEvent
from tests.browsing import create_deaf_app
from tests.publishing import link_of, publish

MOST = 30


def connect(installation, address="198.51.100.7", trusted=""):
    installation.settings = installation.settings.model_copy(update={"trusted_proxies": trusted})
    app = create_deaf_app(installation)
    return TestClient(app, raise_server_exceptions=False, client=(address, 5))


def try_out(browser, count, headers=None):
    tokens = (secrets.token_urlsafe(16) for _ in range(count))
    return [browser.get(f"/s/{token}/", headers=headers).status_code for token in tokens]


def test_a_network_that_tries_out_addresses_is_told_to_stop(installation):
    browser = connect(installation)

    statuses = try_out(browser, MOST + 5)

    assert statuses == [404] * MOST + [429] * 5
    with installation.transaction() as session:
        assert session.query(HistoryEvent).count() == 0


def test_a_genuine_link_opens_for_a_network_that_was_told_to_stop(installation):
    page = link_of(installation, publish(installation))
    browser = connect(installation)
    try_out(browser, MOST + 1)

    assert browser.get(page).status_code == 200
    assert browser.get(page + "d/1/original").status_code == 200
    assert browser.get(page + "a/999/").status_code == 404


@pytest.mark.parametrize("path", ["", "a/1/", "i/1/1/thumbnail", "d/1/original", "bundle/web"])
def test_a_revoked_link_is_answered_as_an_unknown_one_also_then(installation, path):
    page = link_of(installation, publish(installation))
    with installation.transaction() as session:
        session.connection().exec_driver_sql('UPDATE "grant" SET revoked_at = now()')
    browser = connect(installation)

    before = [browser.get(one + path).content for one in (page, "/s/AAAAAAAAAAAAAAAAAAAAAA/")]
    try_out(browser, MOST)
    after = [browser.get(one + path) for one in (page, "/s/AAAAAAAAAAAAAAAAAAAAAA/")]

    assert before[0] == before[1]
    assert [one.status_code for one in after] == [429, 429]
    assert after[0].content == after[1].content


def test_another_forwarded_address_each_time_is_still_one_client(installation):
    browser = connect(installation)
    statuses = [
        browser.get("/s/unknown/", headers={"x-forwarded-for": f"198.18.{n}.1"}).status_code
        for n in range(MOST + 1)
    ]

    assert statuses[-1] == 429


def test_behind_a_trusted_proxy_each_client_counts_alone(installation):
    browser = connect(installation, "127.0.0.1", trusted="127.0.0.1")
    statuses = [
        browser.get("/s/unknown/", headers={"x-forwarded-for": f"198.18.{n}.1"}).status_code
        for n in range(MOST + 1)
    ]
    made_up = [
        browser.get(
            "/s/unknown/", headers={"x-forwarded-for": f"198.18.{n}.1, 203.0.113.5"}
        ).status_code
        for n in range(MOST + 1)
    ]

    assert set(statuses) == {404}
    assert made_up[-1] == 429
