"""What no share needs any more and no purge of one share can remove: it is shared by many, or by none.

What the DAM's files are called and what they say of themselves is remembered so that they are not
read again; passwords and lists of addresses wait for a request that may never come; a refused
request never became a share. All of that goes once it is as old as a closed share may become.
"""

from datetime import timedelta

from sqlalchemy import delete, func, select, text

from models.base import new_id
from models.history import HistoryEvent, HistoryPerson
from models.kinds import EventKind
from services.clock import read_clock
from services.history import event_key, record
from services.installation import Installation
from services.moments import reach

# Remembered a day ago at least: whoever publishes at this moment looks at what is new.
_STATEMENTS = {
    "originals": """
        WITH used AS MATERIALIZED (
            SELECT DISTINCT part->>'source_key' AS word
            FROM shared_asset, jsonb_array_elements(parts) AS part
        )
        DELETE FROM seen_original WHERE seen_at < vitrine_now() - interval '1 day'
        AND NOT EXISTS (SELECT FROM used WHERE word = source_key)
    """,
    "inspections": """
        WITH used AS MATERIALIZED (
            SELECT DISTINCT part->>'sha256' AS word
            FROM shared_asset, jsonb_array_elements(parts) AS part
        )
        DELETE FROM inspection WHERE inspected_at < vitrine_now() - interval '1 day'
        AND NOT EXISTS (SELECT FROM used WHERE word = encode(sha256, 'hex'))
    """,
    "passwords": """
        DELETE FROM password WHERE created_at < :before
        AND NOT EXISTS (SELECT FROM share WHERE password_hash = hash)
    """,
    "invitations": """
        DELETE FROM invitation WHERE created_at < :before
        AND NOT EXISTS (SELECT FROM share WHERE invitation = invitation.id::text)
    """,
    "acceptances": """
        DELETE FROM history_person USING history_event, share
        WHERE history_event.id = event_id AND share.id = share_id AND state = 'purged'
        AND at < :evidence
    """,
}


def forget_leftovers(installation: Installation) -> dict[str, int]:
    """Forget what nobody needs any more, and return how much of each kind that was."""
    settings = installation.settings
    found: dict[str, int] = {"refusals": _forget_refusals(installation)}
    for name, statement in _STATEMENTS.items():
        with installation.transaction() as session:
            now = read_clock(session)
            given = {
                "before": now - timedelta(days=settings.purge_after_days),
                "evidence": now - timedelta(days=settings.evidence_retention_days),
            }
            used = {key: value for key, value in given.items() if f":{key}" in statement}
            gone = session.execute(text(f"{statement} RETURNING 1"), used).all()
            found[name] = len(gone)
        reach("purge:leftovers_forgotten")
    return found


def _forget_refusals(installation: Installation) -> int:
    """Forget what refused requests said; the history says that this was done before it is."""
    with installation.transaction() as session:
        before = read_clock(session) - timedelta(days=installation.settings.purge_after_days)
        of_no_share = select(HistoryEvent.id).where(
            HistoryEvent.share_id.is_(None), HistoryEvent.at < before
        )
        is_old = HistoryPerson.event_id.in_(of_no_share)
        count = session.scalar(select(func.count()).where(is_old)) or 0
        if count:
            payload = {"events": count, "door": "purge"}
            key = event_key("refusals", new_id())
            record(session, EventKind.PERSON_ERASED, key=key, payload=payload)
            session.execute(delete(HistoryPerson).where(is_old))
    return count
