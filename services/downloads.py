"""How far a download has come that takes more than one request: resumed, or in parallel parts.

A download is finished once every byte of it was handed over, whichever request that was in.
"""

from uuid import UUID

from sqlalchemy import func, literal, select
from sqlalchemy.dialects.postgresql import (
    INT8MULTIRANGE,
    INT8RANGE,
    Range,
    insert,
)
from sqlalchemy.dialects.postgresql.ranges import MultiRange
from sqlalchemy.orm import Session

from models.download_progress import DownloadProgress

#: Whoever asks for single bytes all over the place gets them, and is not followed any further.
_MOST_PIECES = 10_000


def add_part(
    session: Session, download: UUID, share_id: UUID, start: int, end: int, *, size_bytes: int
) -> bool:
    """Note that the bytes from `start` to before `end` went out; say whether that was the last."""
    if start >= end:
        return False
    part = MultiRange([Range(start, end)])
    row = DownloadProgress
    joined = row.sent.op("+")(literal(part, INT8MULTIRANGE))
    statement = (
        insert(row)
        .values(download=download, share_id=share_id, sent=part)
        .on_conflict_do_update(
            index_elements=[row.download],
            set_={"sent": joined},
            where=func.pg_column_size(row.sent) < _MOST_PIECES * 16,
        )
    )
    session.execute(statement)
    whole = literal(Range(0, size_bytes), INT8RANGE)
    found = select(row.sent.bool_op("@>")(whole)).where(row.download == download)
    return bool(session.scalar(found))
