"""What work leaves behind, so that two times it was done can be compared.

Rows without what is different each time (ids, times, random bytes, who held which lease), objects of
the store by the digest of their content. An id in a text stands as `<id>`.
"""

import contextlib
import hashlib
import json
import re
from collections import Counter

from sqlalchemy import DateTime, select

from models import Base, Share
from models.kinds import EventKind

_IDS = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])"
)
_GENERATION = re.compile(r"(?<=[0-9a-f]{64})\.\d+")
_RANDOM = frozenset(
    [
        "event_id",
        "event_key",
        "fence",
        "generation",
        "lease_holder",
        "maker",
        "message_enc",
        "person_commitment",
        "private_enc",
        "public",
        "recipients_enc",
        "salt",
        "token_enc",
        "token_sha256",
        "xid",
    ]
)
#: Of seals: what they hold is the history of that moment.
_SEALED = frozenset({"number", "count"})
#: These tell of an attempt, and of each: that a build was made, that somebody went on.
_ATTEMPTS = [
    EventKind.PAGE_BUILT.value,
    EventKind.PUBLICATION_RESUMED.value,
    EventKind.STORE_MENDED.value,
]


def describe(installation):
    """Describe all that an installation keeps."""
    with installation.transaction() as session:
        found = {
            table.name: _describe_table(session, table) for table in Base.metadata.sorted_tables
        }
        builds = {f"pages/{one.id}/{one.current_build}" for one in session.scalars(select(Share))}
    return {**found, "store": _describe_store(installation.store.folder, builds)}


def _describe_table(session, table):
    columns = [
        column
        for column in table.columns
        if column.name not in _RANDOM
        and not isinstance(column.type, DateTime)
        and not (column.name == "id" and table.name == "history_event")
        and (column.name in _SEALED or table.name != "history_seal")
    ]
    rows = Counter(
        _hide_ids(json.dumps(list(row), default=_write))
        for row in session.execute(select(*columns))
    )
    if table.name == "share_run":
        return {}
    return {row: n for row, n in rows.items() if not any(kind in row for kind in _ATTEMPTS)}


def _write(value):
    return value.hex() if isinstance(value, bytes) else str(value)


def _hide_ids(text):
    return _IDS.sub("<id>", text)


def _describe_store(folder, builds):
    found = Counter()
    for path in (one for one in folder.rglob("*") if one.is_file()):
        key = path.relative_to(folder).as_posix()
        if key.startswith("pages/") and key.rpartition("/")[0] not in builds:
            continue
        # A plan and what it signs name the share: two of them have only their lengths in common.
        is_plan = key.startswith("plans/")
        content = path.read_bytes()
        said = len(content) if is_plan else _digest(content)
        found[_GENERATION.sub("", _hide_ids(key)), said] += 1
    return dict(found)


def _digest(content):
    with contextlib.suppress(UnicodeDecodeError):
        content = _hide_ids(content.decode()).encode()
    return hashlib.sha256(content).hexdigest()
