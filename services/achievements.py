"""What shares achieved, in figures: from events, which stay when a share is purged.

The row of a purged share keeps its owner's id; its context is that of the event with which it began.

Nobody is named: recipients are counted by their links, visitors by keyed digests. Views by machines
that open links are told apart from those by people, and downloads by machines are left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import TextClause, text

from services.clock import read_clock
from services.errors import RequestRefused
from services.installation import Installation
from services.requests import UUID_PATTERN, number_fields

_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_YEAR = timedelta(days=365)
MOST_ROWS = 1000


class AchievementQuery(BaseModel):
    """Which figures, of which time; an empty value does not narrow."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra=number_fields)

    by: Literal["share", "owner", "context", "month", "asset", "format"] = Field(
        default="share",
        title="By",
        description="What a row stands for. asset and format count downloads alone.",
    )
    owner: str = Field(
        default="",
        title="Owner",
        description="The DAM's id of an owner. Empty: all.",
        max_length=200,
    )
    context: str = Field(
        default="",
        title="Context",
        description="One of the contexts that the DAM defines. Empty: all.",
        max_length=100,
    )
    share: str = Field(
        default="",
        title="Share",
        description="The id of one share. Empty: all.",
        pattern=rf"^({UUID_PATTERN})?$",
    )
    since: str = Field(
        default="",
        title="Since",
        description="A day in UTC (2026-01-31). Empty: a year before the end.",
        pattern=rf"^({_DAY})?$",
    )
    until: str = Field(
        default="",
        title="Until",
        description="A day in UTC, which counts to its end. Empty: now.",
        pattern=rf"^({_DAY})?$",
    )
    limit: int = Field(
        default=200, title="Rows", description="How many rows at most.", ge=1, le=MOST_ROWS
    )


@dataclass(frozen=True)
class Achievement:
    """One row of figures.

    `key` is an id of a share, owner, asset or format, a context or a month; an asset of a purged
    share is called by its share and position, and `zip` are all downloads of several assets at once.
    `invited` are personal links that a letter was written for, `views` and `visitors` those of
    people (one visitor a day and browser), `machine_views` those of machines. `downloads` began,
    `finished` were handed over whole, `size_bytes` is all that was handed over.
    `first_download_s` is how long after its opening a share was first downloaded from, at the median.
    """

    key: str
    shares: int
    invited: int
    letters_sent: int
    views: int
    visitors: int
    machine_views: int
    downloads: int
    finished: int
    size_bytes: int
    first_download_s: int | None


def read_achievements(installation: Installation, query: AchievementQuery) -> Sequence[Achievement]:
    """Read the figures, those with most downloads first.

    Raises:
        RequestRefused: the days are none, or in the wrong order.
    """
    with installation.transaction() as session:
        rows = session.execute(select_achievements(query, read_clock(session))).all()
    return [Achievement(*row) for row in rows]


# What a row stands for: of any event, and of a download with its asset.
_KEYS = {
    "share": ("share_id::text", "share_id::text"),
    "owner": ("owner", "owner"),
    "context": ("context", "context"),
    "month": (
        "to_char(at AT TIME ZONE 'UTC', 'YYYY-MM')",
        "to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM')",
    ),
    "asset": (
        "NULL::text",
        """CASE WHEN position IS NULL THEN 'zip' ELSE coalesce((SELECT asset.asset_id
            FROM shared_asset asset WHERE asset.share_id = taken.share_id
            AND asset.position = taken.position), share_id || '#' || position) END""",
    ),
    "format": ("NULL::text", r"substring(what FROM '[^/]*$')"),
}

_FIGURES = """
    WITH named AS (
        SELECT id, owner, coalesce(nullif(context, ''), (
            SELECT asked.payload->>'context' FROM history_event asked
            WHERE asked.share_id = share.id AND asked.kind = 'share:requested' LIMIT 1
        ), '') AS context
        FROM share WHERE (:owner = '' OR owner = :owner)
            AND (:share = '' OR id = CAST(NULLIF(:share, '') AS uuid))
    ), counted AS (
        SELECT event.share_id, event.kind, event.at, event.grant_id, event.position, event.payload,
            event.payload->>'class' = 'human' AS is_human, named.owner, named.context
        FROM history_event event JOIN named ON named.id = event.share_id
        WHERE event.kind IN ('share:published', 'letter:queued', 'letter:sent', 'page:viewed',
                'download:started', 'download:finished', 'download:aborted')
            AND event.at >= :since AND event.at < :until
            AND (:context = '' OR named.context = :context)
    ), taken AS (
        SELECT share_id, owner, context, payload->>'download' AS download,
            min(at) FILTER (WHERE kind = 'download:started') AS started_at,
            max(position) AS position, max(payload->>'what') AS what,
            max((payload->>'bytes')::bigint) FILTER (WHERE kind = 'download:finished') AS whole,
            sum((payload->>'bytes')::bigint) FILTER (WHERE kind = 'download:aborted') AS parts
        FROM counted WHERE kind LIKE 'download:%'
        GROUP BY share_id, owner, context, payload->>'download'
        HAVING bool_or(kind = 'download:started' AND is_human)
    ), looked AS (
        SELECT {event_key} AS key,
            count(DISTINCT share_id) FILTER (WHERE kind = 'share:published') AS shares,
            count(DISTINCT grant_id) FILTER (
                WHERE kind = 'letter:queued' AND payload->>'template' = 'invitation') AS invited,
            count(*) FILTER (WHERE kind = 'letter:sent') AS letters_sent,
            count(*) FILTER (WHERE kind = 'page:viewed' AND is_human) AS views,
            count(DISTINCT (share_id, payload->>'visitor')) FILTER (
                WHERE kind = 'page:viewed' AND is_human) AS visitors,
            count(*) FILTER (WHERE kind = 'page:viewed' AND NOT is_human) AS machine_views
        FROM counted GROUP BY 1
    ), took AS (
        SELECT {download_key} AS key, count(*) AS downloads, count(whole) AS finished,
            sum(coalesce(whole, parts, 0))::bigint AS size_bytes
        FROM taken GROUP BY 1
    ), waited AS (
        SELECT {event_key} AS key, percentile_disc(0.5) WITHIN GROUP (
            ORDER BY extract(epoch FROM first_at - at))::bigint AS first_download_s
        FROM counted JOIN (
            SELECT share_id AS of_share, min(started_at) AS first_at FROM taken GROUP BY share_id
        ) AS firsts ON of_share = share_id
        WHERE kind = 'share:published' GROUP BY 1
    )
    SELECT key, coalesce(shares, 0), coalesce(invited, 0), coalesce(letters_sent, 0),
        coalesce(views, 0), coalesce(visitors, 0), coalesce(machine_views, 0),
        coalesce(downloads, 0), coalesce(finished, 0), coalesce(size_bytes, 0), first_download_s
    FROM looked FULL JOIN took USING (key) LEFT JOIN waited USING (key)
    WHERE key IS NOT NULL
    ORDER BY coalesce(downloads, 0) DESC, key DESC LIMIT :most
"""


def select_achievements(query: AchievementQuery, now: datetime) -> TextClause:
    """Write the query of the figures."""
    event_key, download_key = _KEYS[query.by]
    until = _read_day(query.until) + timedelta(days=1) if query.until else now
    since = _read_day(query.since) if query.since else until - _YEAR
    if since >= until:
        raise RequestRefused(f"since is {query.since}, which is after until: give an earlier day")
    statement = _FIGURES.format(event_key=event_key, download_key=download_key)
    return text(statement).bindparams(
        since=since,
        until=until,
        share=query.share,
        owner=query.owner,
        context=query.context,
        most=query.limit,
    )


def _read_day(day: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(day), time.min, UTC)
    except ValueError as error:
        raise RequestRefused(f"{day} is no day of the calendar: write 2026-01-31") from error
