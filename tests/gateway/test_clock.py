import time
from types import SimpleNamespace

import pytest

from services.clock import check_clock, measure_skew
from services.errors import ClockOff


@pytest.fixture
def set_machine(monkeypatch):
    """Put this machine's clock forward or back by some seconds."""

    def shift(seconds):
        shifted = SimpleNamespace(time=lambda: time.time() + seconds)
        monkeypatch.setattr("services.clock.time", shifted)

    return shift


def test_one_clock_for_both_is_no_skew(installation):
    assert measure_skew(installation) == 0


@pytest.mark.parametrize("seconds", [-600, 600])
def test_a_clock_that_is_off_is_measured_with_its_direction(installation, set_machine, seconds):
    set_machine(seconds)

    assert measure_skew(installation) == pytest.approx(seconds, abs=5)


def test_a_clock_that_is_a_little_off_is_told_and_work_goes_on(
    installation, set_machine, browser, caplog
):
    set_machine(10)

    answer = browser.get("/readyz")

    assert answer.status_code == 200
    assert "clock is" in answer.text
    assert "set it by NTP" in caplog.text


def test_a_gateway_whose_clock_is_far_off_is_not_ready(installation, set_machine, browser):
    set_machine(-60)

    answer = browser.get("/readyz")

    assert answer.status_code == 503
    assert "behind the database's: set it by NTP" in answer.text
    assert browser.get("/healthz").status_code == 200


def test_work_stops_where_the_clock_is_far_off(installation, set_machine):
    set_machine(60)

    with pytest.raises(ClockOff, match="ahead of"):
        check_clock(installation)
