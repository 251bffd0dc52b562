"""What a visitor is told when something cannot be had: the right reason, and no more."""

import logging
import re

import pytest

from services.changes import revoke_link
from services.store import Store
from tests.gateway.test_passwords import OWN
from tests.publishing import link_of, publish


def test_a_failure_of_ours_says_so_with_a_number_that_stands_in_the_log(
    installation, browser, monkeypatch, caplog
):
    page = link_of(installation, publish(installation))
    token = page.strip("/").rpartition("/")[2]

    def fail(self, key):
        raise RuntimeError(f"words that hold {token}")

    monkeypatch.setattr(Store, "get", fail)
    with caplog.at_level(logging.ERROR):
        answer = browser.get(page)

    number = re.search(r"number ([0-9a-f]{8})", answer.text).group(1)
    assert answer.status_code == 503
    assert "on our side" in answer.text
    assert f"failure {number}: RuntimeError" in caplog.text
    said = "".join(one.getMessage() for one in caplog.records if one.name == "gateway.notices")
    assert token not in said + answer.text


@pytest.mark.parametrize("door", ["password", "terms"])
def test_a_form_from_elsewhere_is_told_what_to_do(installation, browser, door):
    page = link_of(installation, publish(installation))

    answer = browser.post(page + door, headers={"sec-fetch-site": "cross-site"})

    assert answer.status_code == 403
    assert "not sent from our page" in answer.text


@pytest.mark.parametrize("door", ["password", "terms"])
def test_a_form_that_is_too_large_is_no_form(installation, browser, door):
    page = link_of(installation, publish(installation))

    answer = browser.post(
        page + door, data={"password": "x" * 10_000}, headers=OWN, follow_redirects=False
    )

    assert answer.status_code in {303, 404}


def test_a_link_that_was_closed_alone_is_not_found(installation, browser):
    share_id = publish(installation)
    page = link_of(installation, share_id)
    revoke_link(installation, str(share_id), recipient="", asked_by="test")

    assert browser.get(page).status_code == 404
