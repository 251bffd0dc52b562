"""A sealer dies between two seals, or stands still: whoever seals next makes the same chain."""

import os
import signal
import time

import psutil
import pytest

from services import moments
from services.chain.checking import verify_history
from services.chain.sealing import seal_waiting
from services.installation import Installation
from tests.killing import CHILDREN, KILLED, kill_at
from tests.services.chain.conftest import tell
from tests.services.chain.test_sealing import list_sealed


@pytest.mark.parametrize(
    ("moment", "sealed"), [("seal:read", 1), ("seal:added", 1), ("seal:made", 2)]
)
def test_a_sealer_that_is_killed_leaves_whole_seals(installation, keys, moment, sealed):
    tell(installation, *range(2500))

    assert kill_at(moment, seal_waiting, installation.settings, nth=2) == KILLED

    assert len(list_sealed(installation)) == 1000 * sealed
    assert seal_waiting(installation) == 2500 - 1000 * sealed
    assert list_sealed(installation) == list(range(1, 2501))
    verdict = verify_history(installation, keys)
    assert (verdict.fault, verdict.events, verdict.seals) == ("", 2500, 3)


def seal_after_a_sleep(settings):
    """Seal, and stop like a machine that is put to sleep after the first events were read."""
    is_awake = False

    def sleep(moment):
        nonlocal is_awake
        if moment == "seal:read" and not is_awake:
            is_awake = True
            os.kill(os.getpid(), signal.SIGSTOP)

    moments.watch(sleep)
    seal_waiting(Installation(settings))


def test_a_sealer_that_comes_back_finds_its_seal_made_and_goes_on(installation, keys):
    tell(installation, *range(1500))
    old = CHILDREN.Process(target=seal_after_a_sleep, args=(installation.settings,))
    old.start()
    process = psutil.Process(old.pid)
    while process.status() != psutil.STATUS_STOPPED:
        time.sleep(0.01)

    assert seal_waiting(installation) == 1500
    tell(installation, *range(1500, 1600))
    process.resume()
    old.join(60)

    assert old.exitcode == 0
    assert list_sealed(installation) == list(range(1, 1601))
    verdict = verify_history(installation, keys)
    assert (verdict.fault, verdict.events, verdict.seals) == ("", 1600, 3)
