"""The one clock: the database's. Everywhere else, time is an argument.

The clock of this machine is only held against it: lines of the log, names of builds and what a
process counts for itself go by the machine's own.
"""

import logging
import time
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.errors import ClockOff
from services.installation import Installation

log = logging.getLogger(__name__)

#: From so many seconds on it is told to whoever runs this, and from so many on work stops.
WARN_SECONDS, STOP_SECONDS = 2.0, 30.0


def read_clock(session: Session) -> datetime:
    """Ask the database for the time, as an aware datetime in UTC."""
    now: datetime = session.execute(select(func.vitrine_now())).scalar_one()
    return now


def measure_skew(installation: Installation) -> float:
    """Measure by how many seconds this machine's clock is ahead of the database's (below 0: behind).

    What the question itself took is not held against the clock.

    Raises:
        DatabaseAway: the database does not answer.
    """
    with installation.transaction() as session:
        session.connection()
        asked = time.time()
        theirs = session.execute(select(func.extract("epoch", func.clock_timestamp()))).scalar_one()
        answered = time.time()
    if asked <= theirs <= answered:
        return 0.0
    return asked - float(theirs) if theirs < asked else answered - float(theirs)


def check_clock(installation: Installation) -> float:
    """Measure the skew of this machine's clock, and tell of it in the log where it is large.

    Raises:
        ClockOff: it is so large that nothing should be done here.
        DatabaseAway: the database does not answer.
    """
    skew = measure_skew(installation)
    if abs(skew) > WARN_SECONDS:
        log.warning("this machine's clock is %s: set it by NTP", say_skew(skew))
    if abs(skew) > STOP_SECONDS:
        raise ClockOff(f"this machine's clock is {say_skew(skew)}: set it by NTP, then try again")
    return skew


def say_skew(skew: float) -> str:
    """Say a skew in words: `3.2 s ahead of the database's`."""
    return f"{abs(skew):.1f} s {'ahead of' if skew > 0 else 'behind'} the database's"
