from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from models import Grant
from services.errors import TooManyGuesses
from services.throttle import STRANGERS_IN_ALL, forget_all_guesses, forget_guesses, take_guess
from tests.publishing import publish

NOON = datetime(2030, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def grant(installation):
    publish(installation)
    with installation.transaction() as session:
        return session.scalars(select(Grant)).one()


@pytest.fixture
def guess(installation, grant):
    """Guess wrongly as a client at a moment; say whether the guess was taken."""

    def once(client, at=NOON, *, is_known=False):
        try:
            with installation.transaction() as session:
                take_guess(session, grant.id, client, is_known=is_known, now=at)
        except TooManyGuesses as refusal:
            return refusal.until or "never"
        return True

    return once


def test_the_pauses_of_a_client_grow(guess):
    at, pauses = NOON, []
    while len(pauses) < 4:
        taken = guess(b"client", at, is_known=True)
        if taken is not True:
            pauses.append(taken - at)
            at = taken

    quarter, hour = timedelta(minutes=15), timedelta(hours=1)
    assert pauses == [quarter, hour, 6 * hour, 6 * hour]


def test_strangers_together_have_twenty_guesses_an_hour(guess):
    taken = [guess(f"client {n}".encode()) for n in range(25)]

    assert taken.count(True) == 20
    assert taken[20] == NOON + timedelta(hours=1)
    assert guess(b"late", NOON + timedelta(hours=1)) is True


def test_strangers_together_have_a_hundred_guesses_until_the_owner_acts(guess, installation, grant):
    taken = [
        guess(f"{hour} {n}".encode(), NOON + timedelta(hours=hour))
        for hour in range(8)
        for n in range(25)
    ]

    assert taken.count(True) == STRANGERS_IN_ALL
    assert taken[-1] == "never"
    assert guess(b"known device", is_known=True) is True
    with installation.transaction() as session:
        forget_all_guesses(session, grant.share_id)
    assert guess(b"new") is True


def test_whoever_knew_the_password_gives_strangers_their_guesses_back(guess, installation, grant):
    for n in range(20):
        guess(f"client {n}".encode())
    with installation.transaction() as session:
        forget_guesses(session, grant.id, b"right", is_known=False)

    assert guess(b"next") is True


def test_a_known_device_neither_fills_nor_empties_the_pool_of_strangers(guess, installation, grant):
    for n in range(20):
        guess(f"client {n}".encode())
    with installation.transaction() as session:
        forget_guesses(session, grant.id, b"device", is_known=True)

    assert guess(b"next") == NOON + timedelta(hours=1)


def test_a_client_that_pauses_takes_no_guess_from_the_others(guess):
    for _ in range(50):
        guess(b"noisy")

    assert [guess(f"client {n}".encode()) for n in range(15)] == [True] * 15
