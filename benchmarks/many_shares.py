"""A database with very many shares, written by the database itself, and how it finds its way in it."""

from collections.abc import Iterator
from typing import Any

import psycopg
from sqlalchemy import ClauseElement, Executable
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler

#: This one stands in every share, and is the worst that a share board can be asked for.
EVERYWHERE = "asset-everywhere"
OWNER, CONTEXT = "owner-7", "context-3"
EVENTS_EACH = 12

# Ids are of version 7, as `models.base.new_id` makes them: they sort by the time of their making.
_SHARES = """
    INSERT INTO share (id, request_key, request_digest, owner, owner_name, owner_address, title,
        message, folder, context, locale, state, created_at, frozen_at, opened_at, expires_at,
        expires_text, zone, is_downloadable, stays_closed_on_failure, formats, contact_lists,
        invitation, fence)
    SELECT (lpad(to_hex((extract(epoch FROM made) * 1000)::bigint), 12, '0') || '7'
            || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid,
        'key-' || n, '', 'owner-' || n %% 200, 'Owner', 'owner@halden.example', 'Share ' || n,
        repeat('A few words to whoever gets it. ', 8), '', 'context-' || n %% 40, 'en',
        CASE WHEN n %% 10 = 0 THEN 'revoked' WHEN n %% 10 = 1 THEN 'open'
            WHEN made < now() - interval '90 days' THEN 'expired' ELSE 'open' END,
        made, made, made, CASE WHEN n %% 10 = 1 THEN NULL ELSE made + interval '30 days' END,
        '30 days', 'Europe/Rome', true, false, '["original", "web"]', '["press"]', '', 1
    FROM (SELECT n, now() - (%(shares)s - n) * (interval '730 days' / %(shares)s) AS made
        FROM generate_series(1, %(shares)s) n) AS shares
"""
_GRANTS = """
    INSERT INTO "grant" (id, share_id, recipient, recipient_name, token_sha256, token_enc)
    SELECT gen_random_uuid(), id, recipient, '', sha256((id::text || recipient)::bytea), ''
    FROM share, unnest(ARRAY['', 'maria@paper.example', 'jide@weekly.example']) recipient
"""
_ASSETS = """
    INSERT INTO shared_asset (share_id, position, asset_id, kind, title, description, folder,
        media_type, source_key, file_name, size_bytes, sha256, crc32, modified_at, parts,
        withdrawn_at)
    SELECT id, position, CASE position WHEN 1 THEN %(everywhere)s
            ELSE 'asset-' || (hashtext(request_key || '/' || position)::bigint & 262143) END,
        'image', 'An asset', '', 'Campaign', 'image/jpeg', 'Campaign/a.jpg', 'a.jpg', 1000000,
        '', 0, created_at, '[]', CASE WHEN position = 7 AND id::text < '2' THEN created_at END
    FROM share, generate_series(1, %(assets)s) position
"""
_EVENTS = """
    INSERT INTO history_event (event_key, kind, actor, share_id, position, at, payload, payload_version)
    SELECT gen_random_uuid(),
        (ARRAY['share:requested', 'share:published', 'letter:queued', 'letter:sent', 'page:viewed',
            'page:viewed', 'page:viewed', 'download:started', 'download:finished',
            'download:started', 'download:finished', 'share:changed'])[n],
        'system', id, CASE WHEN n IN (8, 9) THEN 1 END, created_at + n * interval '1 hour',
        jsonb_build_object('class', CASE n WHEN 5 THEN 'scanner' ELSE 'human' END, 'visitor', n,
            'what', CASE WHEN n IN (8, 9) THEN '1/web' ELSE 'bundle/0/original' END,
            'download', md5(id::text || n / 2), 'bytes', 1000000, 'recipients', 3,
            'template', 'invitation'), 1
    FROM share, generate_series(1, %(events)s) n
"""
_PEOPLE = """
    INSERT INTO history_person (event_id, salt, fields)
    SELECT id, '', '{"address": "203.0.113.9", "agent": "A browser"}' FROM history_event
    WHERE kind IN ('page:viewed', 'download:started')
"""
# Nothing can be added to a share that is being purged: they become so at the end.
_PURGE = "UPDATE share SET state = 'purged' WHERE state = 'expired'"


def fill(connection: psycopg.Connection[Any], *, shares: int, assets: int) -> None:
    """Fill the tables of a new database, as their owner: so many shares of so many assets each."""
    values = {
        "shares": shares,
        "assets": assets,
        "everywhere": EVERYWHERE,
        "events": EVENTS_EACH,
    }
    for statement in (_SHARES, _GRANTS, _ASSETS, _EVENTS, _PEOPLE, _PURGE):
        connection.execute(statement, values)
    connection.execute("ANALYZE")


class _Explain(Executable, ClauseElement):
    """A statement that asks how another one would be answered."""

    inherit_cache = False

    def __init__(self, statement: ClauseElement, options: str) -> None:
        self.statement, self.wanted = statement, options


@compiles(_Explain)
def _compile(element: _Explain, compiler: SQLCompiler, **values: Any) -> str:
    return f"EXPLAIN ({element.wanted}) {compiler.process(element.statement, **values)}"


def explain(session: Session, statement: ClauseElement, *, is_run: bool = False) -> dict[str, Any]:
    """Ask the database how it answers a query, and with `is_run` how long that takes."""
    options = "ANALYZE, TIMING OFF, FORMAT JSON" if is_run else "FORMAT JSON"
    plan: dict[str, Any] = session.execute(_Explain(statement, options)).scalar_one()[0]
    return plan


def list_nodes(plan: dict[str, Any]) -> Iterator[str]:
    """List the steps of a plan, from the outermost: `Index Scan ix_share_owner_id`."""
    node = plan.get("Plan", plan)
    place = node.get("Index Name") or node.get("Relation Name") or ""
    yield f"{node['Node Type']} {place}".strip()
    for inner in node.get("Plans", []):
        yield from list_nodes(inner)
