"""What stays of the row of a purged share: ids, times and choices; no words of anybody."""

from typing import Any

from sqlalchemy.dialects.postgresql import JSONB

from models.share import Share

#: Everything else is emptied, so that a column of tomorrow is not forgotten. `owner` is the DAM's
#: opaque id, and with the request key it says that this request was carried out once.
LASTING = frozenset(
    {
        "brand_id",
        "closed_at",
        "created_at",
        "expires_at",
        "fence",
        "frozen_at",
        "id",
        "is_downloadable",
        "opened_at",
        "owner",
        "request_key",
        "state",
        "terms_version",
        "visibility",
    }
)
_EMPTY: dict[type, Any] = {str: "", bytes: b"", int: 0, bool: False}


def scrub(share: Share) -> None:
    """Empty every column that does not last."""
    for column in Share.__table__.columns:
        if column.name not in LASTING:
            setattr(share, column.name, _empty(column))


def _empty(column: Any) -> Any:
    if column.nullable:
        return None
    if isinstance(column.type, JSONB):
        return []
    kind = column.type.python_type
    if kind not in _EMPTY:
        raise TypeError(f"say in services/scrubbing.py what stays of share.{column.name}")
    return _EMPTY[kind]
