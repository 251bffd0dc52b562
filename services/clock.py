"""The one clock: the database's. Everywhere else, time is an argument."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session


def read_clock(session: Session) -> datetime:
    """Ask the database for the time, as an aware datetime in UTC."""
    now: datetime = session.execute(select(func.vitrine_now())).scalar_one()
    return now
