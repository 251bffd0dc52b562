from uuid import uuid4

import pytest
from prefect.client.schemas.objects import TaskRun
from prefect.states import Failed

from services.errors import (
    ChangeRefused,
    DatabaseAway,
    LeaseLost,
    RenditionsMissing,
    StoreAway,
    StoreFull,
)
from tasks.policy import DELAYS, is_worth_another_try, unit_of_retry


def asks_again(error, count):
    run = TaskRun(task_key="task", dynamic_key=str(uuid4()), run_count=count)
    return is_worth_another_try(None, run, Failed(data=error))


@pytest.mark.parametrize("error", [DatabaseAway(), StoreAway(), StoreFull()])
def test_what_is_away_or_full_is_waited_for_until_the_last_try(error):
    assert all(asks_again(error, count) for count in range(1, len(DELAYS) + 1))


@pytest.mark.parametrize("error", [ChangeRefused(), LeaseLost(), RenditionsMissing()])
def test_what_is_refused_stays_refused(error):
    assert not asks_again(error, 1)


def test_what_may_be_chance_is_tried_twice_more():
    assert [asks_again(OSError(), count) for count in (1, 2, 3)] == [True, True, False]


def test_an_outage_of_half_a_minute_is_outlasted_with_tries_to_spare():
    task = unit_of_retry()(lambda: None)

    assert sum(task.retry_delay_seconds) >= 120
    assert sum(task.retry_delay_seconds[:5]) >= 30
    assert task.retries == len(task.retry_delay_seconds)
