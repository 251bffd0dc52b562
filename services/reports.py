"""Reports for operators: counts and ids, never an address, a token or a link."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from models.history import HistoryEvent, HistoryPerson
from models.kinds import EventKind
from models.share import Share
from models.shared_asset import SharedAsset
from services.installation import Installation

_TOLD = (EventKind.ASSET_LEFT_OUT, EventKind.RENDITION_FAILED)


@dataclass(frozen=True)
class ShareReport:
    """A sentence, and a row per asset that is missing something."""

    summary: str
    rows: list[dict[str, str]]


def describe_share(installation: Installation, share_id: UUID) -> ShareReport:
    """Describe what a publication came to, and name all that was left out."""
    with installation.transaction() as session:
        share = session.get_one(Share, share_id)
        count = session.scalar(
            select(func.count()).select_from(SharedAsset).where(SharedAsset.share_id == share_id)
        )
        troubles = session.execute(
            select(HistoryEvent.kind, HistoryPerson.fields)
            .join(HistoryPerson, HistoryPerson.event_id == HistoryEvent.id, isouter=True)
            .where(HistoryEvent.share_id == share_id, HistoryEvent.kind.in_(_TOLD))
            .order_by(HistoryEvent.id)
        ).all()
    rows = [_row(EventKind(kind), fields or {}) for kind, fields in troubles]
    summary = (
        f"Share {share_id} is {share.state.value}: {count} assets,"
        f" {len(rows)} with something missing. Its link: `vitrine share link {share_id}`."
    )
    everything = {"what": "share", "asset": f"{count} assets", "why": share.state.value}
    return ShareReport(summary, [everything, *rows])


def _row(kind: EventKind, fields: dict[str, str]) -> dict[str, str]:
    if kind is EventKind.ASSET_LEFT_OUT:
        return {
            "what": "left out",
            "asset": fields.get("source_key", "erased"),
            "why": fields.get("reason", ""),
        }
    return {
        "what": "no preview",
        "asset": fields.get("asset_id", "erased"),
        "why": fields.get("message", ""),
    }
