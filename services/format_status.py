"""What owners and operators are told of wishes for formats, and how they end them."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.format_request import FormatRequest
from models.kinds import RequestState
from models.shared_asset import SharedAsset
from services.format_requests import UNDER_WAY, cancel_request, find_request, measure_request
from services.installation import Installation
from services.shares import find_share


def find_progress(installation: Installation, request_id: UUID) -> float:
    """Say how far a wish has come, in percent."""
    with installation.transaction() as session:
        return float(measure_request(session, find_request(session, request_id)))


def list_requests(
    installation: Installation, key: str, *, owner: str = ""
) -> list[dict[str, object]]:
    """List all wishes for formats of a share as JSON values, the oldest first.

    Raises:
        ShareNotFound: there is no such share.
    """
    with installation.transaction() as session:
        share = find_share(session, key, owner=owner)
        rows = session.scalars(
            select(FormatRequest)
            .where(FormatRequest.share_id == share.id)
            .order_by(FormatRequest.requested_at)
        )
        return [
            {
                "request": str(row.id),
                "format": row.format,
                "asset": _find_asset_id(session, row),
                "state": row.state.value,
                "percent": 100 if row.state is RequestState.DONE else measure_request(session, row),
                "problem": row.failure_text,
            }
            for row in rows
        ]


def cancel_wish(installation: Installation, request_id: UUID) -> bool:
    """Cancel a wish on the owner's behalf; False if there was nothing to cancel."""
    with installation.transaction() as session:
        found = find_request(session, request_id)
        if found.state not in UNDER_WAY:
            return False
        cancel_request(session, request_id, share_id=found.share_id, grant_id=None)
        return True


def _find_asset_id(session: Session, request: FormatRequest) -> str:
    if not request.position:
        return ""
    return session.get_one(SharedAsset, (request.share_id, request.position)).asset_id
