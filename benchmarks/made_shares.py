"""Shares that nobody published: rows by the thousand and files as a publication leaves them."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from models.base import new_id
from models.kinds import ShareState
from models.share import Share
from services.clock import read_clock
from services.installation import Installation

_BATCH = 1000
_PAGE_BYTES = b"<!doctype html><title>A page</title>" + b"." * 2000
_PLANS, _EVENTS, _REFS = 16, 10, 4
_ROWS = (
    """
    INSERT INTO shared_asset (share_id, position, asset_id, kind, title, description, folder,
        media_type, source_key, file_name, size_bytes, sha256, crc32, modified_at, parts)
    SELECT share.id, n, 'asset ' || n, 'image', 'Title ' || n, '', '', 'image/jpeg',
        'Campaign/' || share.request_key || '/' || n || '.jpg', n || '.jpg', 1000,
        sha256(n::text::bytea), 1, vitrine_now(), jsonb_build_array(jsonb_build_object(
            'source_key', 'Campaign/' || share.request_key || '/' || n || '.jpg',
            'sha256', encode(sha256(n::text::bytea), 'hex')))
    FROM share, generate_series(1, :assets) AS n WHERE share.id = ANY(:ids)
    """,
    """
    INSERT INTO rendition_ref (share_id, position, part, format, key)
    SELECT share.id, n, 1, 'format ' || f, encode(sha256((n || ' ' || f)::bytea), 'hex')
    FROM share, generate_series(1, :assets) AS n, generate_series(1, :refs) AS f
    WHERE share.id = ANY(:ids)
    """,
    """
    INSERT INTO "grant" (id, share_id, recipient, recipient_name, token_sha256, token_enc)
    SELECT gen_random_uuid(), share.id, 'person' || n || '@paper.example', 'Person ' || n,
        sha256(gen_random_uuid()::text::bytea), ''
    FROM share, generate_series(1, 3) AS n WHERE share.id = ANY(:ids)
    """,
    """
    WITH added AS (
        INSERT INTO history_event (event_key, kind, share_id, actor, payload, payload_version)
        SELECT gen_random_uuid(), 'page:viewed', share.id, 'recipient', '{}', 1
        FROM share, generate_series(1, :events) AS n WHERE share.id = ANY(:ids) RETURNING id
    )
    INSERT INTO history_person (event_id, salt, fields)
    SELECT id, '', '{"address": "192.0.2.1"}' FROM added
    """,
)


def count_rows(installation: Installation, table: str, where: str = "true") -> int:
    """Count rows of a table."""
    with installation.transaction() as session:
        statement = text(f'SELECT count(*) FROM "{table}" WHERE {where}')  # noqa: S608
        return int(session.execute(statement).scalar_one())


def add_shares(
    installation: Installation, count: int, *, state: ShareState, age: timedelta
) -> list[UUID]:
    """Add rows of shares whose time was over so long ago, and nothing else of them."""
    ids = [new_id() for _ in range(count)]
    for start in range(0, count, _BATCH):
        with installation.transaction() as session:
            ends_at = read_clock(session) - age
            session.execute(
                insert(Share),
                [_row(one, state, ends_at) for one in ids[start : start + _BATCH]],
            )
    return ids


def _row(share_id: UUID, state: ShareState, ends_at: Any) -> dict[str, Any]:
    return {
        "id": share_id,
        "request_key": share_id.hex,
        "request_digest": b"",
        "owner": "owner",
        "title": "Spring",
        "formats": ["original", "web"],
        "contact_lists": [],
        "state": state,
        "expires_at": ends_at,
        "closed_at": None if state is ShareState.OPEN else ends_at,
        "current_build": new_id().hex,
    }


def fill_shares(installation: Installation, ids: list[UUID], assets: int) -> None:
    """Give each of these shares so many assets, with rows and files as a publication leaves them."""
    for start in range(0, len(ids), _BATCH // 10):
        some = ids[start : start + _BATCH // 10]
        with installation.transaction() as session:
            _fill_rows(session, some, assets)
    folder = installation.store.folder
    assert folder is not None
    for share_id in ids:
        _write_files(folder, share_id, assets)


def _fill_rows(session: Session, ids: list[UUID], assets: int) -> None:
    given = {"ids": ids, "assets": assets, "refs": _REFS, "events": _EVENTS}
    for statement in _ROWS:
        used = {name: value for name, value in given.items() if f":{name}" in statement}
        session.execute(text(statement), used)


def _write_files(folder: Path, share_id: UUID, assets: int) -> None:
    build = folder / "pages" / str(share_id) / new_id().hex
    plans = folder / "plans" / str(share_id)
    build.mkdir(parents=True)
    plans.mkdir(parents=True)
    for number in range(assets + 2):
        (build / f"asset-{number}.html").write_bytes(_PAGE_BYTES)
    for number in range(_PLANS):
        (plans / f"{number:032x}.plan").write_bytes(_PAGE_BYTES)
